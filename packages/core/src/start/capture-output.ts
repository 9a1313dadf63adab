/** Where the output of `run()` goes: into the outcome, or into a stream of the caller. */
import { Capture, type Budget } from '../streams/capture.js';
import { connectOutput, type PreparedStdio } from '../streams/stdio.js';
import type { Terminal } from '../streams/terminal.js';
import type { Killer } from './killer.js';

/** One output. */
export interface Sink {
  readonly readAhead?: () => void;
  readonly finish: () => Promise<string>;
  readonly close: () => void;
}

/** Both outputs. */
export interface Captures {
  readonly stdout: Sink | undefined;
  readonly stderr: Sink | undefined;
}

/** Begin to capture. */
export function capture({ stdout, stderr }: PreparedStdio, budget: Budget, killer: Killer): Captures {
  const one = (stream: PreparedStdio['stdout']): Sink | undefined => {
    if (stream.ours === undefined) return undefined;
    const flushed = connectOutput(stream, killer.fail);
    if (flushed === undefined) return new Capture(stream.ours, budget);
    return { finish: () => flushed().then(() => ''), close: () => void flushed() };
  };
  return { stdout: one(stdout), stderr: one(stderr) };
}

/** How long a terminal that orphans hold open may stay silent after the container has ended. */
const orphanMs = 250;

/** Capture everything that a terminal shows. */
export function captureTerminal(terminal: Terminal, budget: Budget): () => Promise<string> {
  const chunks: Buffer[] = [];
  let seen = 0;
  const closed = new Promise<void>((resolve) => terminal.output.on('close', resolve));
  terminal.output.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, budget.take(chunk.length)));
    seen += 1;
  });
  return async () => {
    let before = -1;
    const timer = setInterval(() => {
      if (seen === before) terminal.output.destroy();
      before = seen;
    }, orphanMs);
    await closed;
    clearInterval(timer);
    return Buffer.concat(chunks).toString('utf8');
  };
}
