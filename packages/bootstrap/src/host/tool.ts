/** Runs external programs: argument vectors, no shell, their last words kept, killed when asked. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ToolError } from '@haco/plan';
import { cancelled, errnoOf } from './failure.js';
import { findProgram, searchPath } from './find-program.js';
import { LastWords } from './last-words.js';

/** A program to run. */
export interface Tool {
  readonly command: readonly [name: string, ...args: string[]];
  /** Words put before the command, e.g. a wrapper; not shown in errors. */
  readonly wrapper?: readonly string[];
  /** Debian package that provides it. */
  readonly package: string;
  /** What is being made, for the error of a cancellation. */
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Directory in which it begins; our own when left out. */
  readonly cwd?: string;
  /** Descriptor that becomes standard input; nothing when left out. */
  readonly stdin?: number;
  /** What it reads from standard input, in place of a descriptor. */
  readonly input?: Readable;
  /** Descriptor that the program finds as number 3. */
  readonly fd3?: number;
  /** Ask the program's whole process group to end, so that it can clean up, and kill it 10 s later. */
  readonly gently?: boolean;
}

const longestLine = 2000;
const graceMs = 10_000;

/** Run to the end; output lines go to `onLine`. Rejects with errors of kind `tool` or `state`. */
export async function runTool(tool: Tool): Promise<void> {
  const { child, done, heard } = await start(tool);
  // debootstrap says why it failed on its standard output.
  if (child.stdout !== null) lines(child.stdout, heard);
  await done;
}

/** Standard output of a program. Ends with an error when the program failed; the program is killed when reading stops early. */
export async function* toolOutput(tool: Tool): AsyncGenerator<Buffer, void> {
  const { child, done, kill } = await start(tool);
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Buffer;
    await done;
  } finally {
    kill();
    await done.catch(() => undefined);
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<void>;
  /** Takes a line of output. */
  readonly heard: (line: string) => void;
  readonly kill: () => void;
}

async function start(tool: Tool): Promise<Started> {
  const [name, ...args] = tool.command;
  const shown = tool.command.map(withoutPassword);
  if (tool.signal?.aborted === true) throw cancelled(tool.target);
  const program = await findProgram(name);
  if (program === undefined) {
    throw new ToolError({ command: shown, exitCode: null, stderr: '', package: tool.package });
  }
  const [first = program, ...rest] = [...(tool.wrapper ?? []), program, ...args];
  const stdio: StdioOptions = [
    tool.input === undefined ? (tool.stdin ?? 'ignore') : 'pipe',
    'pipe',
    'pipe',
    ...(tool.fd3 === undefined ? [] : [tool.fd3]),
  ];
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ...tool.env, PATH: searchPath() };
  const child = spawn(first, rest, { stdio, env, cwd: tool.cwd, detached: tool.gently === true });
  const tail = new LastWords();
  const heard = (line: string) => {
    tail.add(line);
    tool.onLine?.(line);
  };
  if (child.stderr !== null) lines(child.stderr, heard);
  // A program that ends before it has read everything says itself why; a broken input ends it.
  let broken: unknown;
  if (tool.input !== undefined && child.stdin !== null) {
    pipeline(tool.input, child.stdin).catch((thrown: unknown) => {
      if (errnoOf(thrown) === 'EPIPE' || child.exitCode !== null) return;
      broken = thrown;
      child.kill('SIGKILL');
    });
  }
  let asked = false;
  const kill = () => {
    // Once: a second SIGTERM would interrupt the tool's clean-up.
    if (!asked) end(child, tool.gently === true);
    asked = true;
  };
  tool.signal?.addEventListener('abort', kill, { once: true });
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', (thrown) => {
      const startErrno = errnoOf(thrown) ?? thrown.message;
      reject(new ToolError({ command: shown, exitCode: null, stderr: '', package: tool.package, startErrno }));
    });
    // `close`, not `exit`: it comes when the last process that holds the pipes has ended.
    child.once('close', (exitCode) => {
      tool.signal?.removeEventListener('abort', kill);
      if (tool.signal?.aborted === true) reject(cancelled(tool.target));
      else if (broken instanceof Error) reject(broken);
      else if (exitCode === 0) resolve();
      else {
        // Not empty: that would say that the program isn't installed.
        const stderr = tail.toString() || (exitCode === null ? 'it printed no error' : '');
        reject(new ToolError({ command: shown, exitCode, stderr, package: tool.package }));
      }
    });
  });
  // Whoever awaits `done` sees the failure; until then it must not count as unhandled.
  done.catch(() => undefined);
  return { child, done, heard, kill };
}

function end(child: ChildProcess, gently: boolean): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (!gently) {
    child.kill('SIGKILL');
    return;
  }
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(pid, 'SIGKILL');
  }, graceMs);
  child.once('close', () => {
    clearTimeout(timer);
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function lines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    onLine(line.slice(0, longestLine));
  });
}

/** A mirror's URL may hold a password, and errors are logged. */
function withoutPassword(word: string): string {
  return word.replace(/\/\/[^/@\s]*@/g, '//***@');
}
