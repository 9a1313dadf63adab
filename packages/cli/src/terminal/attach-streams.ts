/** Connecting this process's streams with those of a container, until the container ends. */
import { spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { HacoError, Outcome, ProcessHandle } from '@haco/core';
import { err, type Result, type ResultAsync } from 'neverthrow';
import { SignalForwarder } from './signals.js';

/** A terminal that nobody of the container holds any more may be held by orphans: so long it may stay silent. */
const orphanMs = 250;

/** What a terminal takes for the end of the input. */
const endOfInput = '\u0004';

/** Wait until everything that was written is shown. */
async function drained(stream: Readable): Promise<void> {
  if (stream.destroyed || stream.readableEnded) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, orphanMs);
    stream.on('data', () => timer.refresh());
    stream.once('end', done).once('close', done);
  });
}

/**
 * Node's raw mode leaves the output as it was, where a line feed also goes back to the first column: what the terminal inside has made of
 * its output must not be changed again. Node puts everything back when raw mode ends, and when it ends itself.
 */
function makeRaw(): void {
  process.stdin.setRawMode(true);
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
}

/** Give the container's terminal what is typed here, show here what it shows, and keep both of one size. */
async function throughTerminal(handle: ProcessHandle): Promise<Result<Outcome, HacoError>> {
  const { stdin, stdout } = process;
  const raw = stdin.isTTY;
  const resize = (): void => void handle.resize(stdout.columns, stdout.rows).isOk();
  const type = (keys: Buffer): void => {
    if (handle.stdin?.write(keys) === false) {
      stdin.pause();
      handle.stdin.once('drain', () => stdin.resume());
    }
  };
  // Keys go in as they are, Ctrl-C too: the terminal inside makes a signal of it.
  if (raw) makeRaw();
  stdin.on('data', type);
  stdin.once('end', () => handle.stdin?.write(endOfInput));
  handle.stdout?.pipe(stdout, { end: false });
  if (stdout.isTTY) stdout.on('resize', resize);
  const outcome = await handle.wait();
  if (handle.stdout !== null) await drained(handle.stdout);
  if (raw) stdin.setRawMode(false);
  stdin.off('data', type).pause();
  stdout.off('resize', resize);
  // Not read to its end, a pipe would keep this process alive.
  if (!raw) stdin.destroy();
  return outcome;
}

/** Streams that a definition has asked for as pipes are led on. */
async function throughPipes(handle: ProcessHandle): Promise<Result<Outcome, HacoError>> {
  if (handle.stdin !== null) {
    process.stdin.on('error', () => undefined).pipe(handle.stdin);
    handle.stdin.on('error', () => undefined);
  }
  handle.stdout?.pipe(process.stdout, { end: false });
  handle.stderr?.pipe(process.stderr, { end: false });
  const outcome = await handle.wait();
  for (const stream of [handle.stdout, handle.stderr]) if (stream !== null) await drained(stream);
  if (handle.stdin !== null) process.stdin.unpipe(handle.stdin).destroy();
  return outcome;
}

/** Start something, and stay with it until it ends; signals that come meanwhile are for it. */
export async function startAttached(
  start: () => ResultAsync<ProcessHandle, HacoError>,
  terminal: boolean,
): Promise<Result<Outcome, HacoError>> {
  const signals = new SignalForwarder();
  try {
    const started = await start();
    if (started.isErr()) return err(started.error);
    signals.to(started.value);
    return await (terminal ? throughTerminal(started.value) : throughPipes(started.value));
  } finally {
    signals.stop();
  }
}
