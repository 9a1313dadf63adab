/** Runs a command, or a piece of a test, under strace and returns the syscalls it made. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseStrace, type StraceCall } from './parse-strace.js';
import { textOr } from './read-or.js';
import { type Finished, runCommand, type RunOptions } from './run-command.js';
import { makeTemporaryDirectory } from './temporary.js';

export { parseStrace, type StraceCall } from './parse-strace.js';

export interface StraceOptions {
  /** Names to look at, as in `strace -e trace=`; all when left out. */
  readonly syscalls?: readonly string[];
  /** A call that fails without being made. */
  readonly fault?: Fault;
}

/** The `at`-th call of that name of each process, counted from 1, fails with that errno. */
export interface Fault {
  readonly syscall: string;
  readonly errno: string;
  readonly at: number;
}

export interface Traced extends Finished {
  readonly calls: readonly StraceCall[];
}

/** The calls of the command and of all its descendants, in the order in which they began. Waits for the last of them. */
export function straceSyscalls(command: readonly string[], options: StraceOptions & RunOptions = {}): Promise<Traced> {
  return withLog(async (log) => {
    const finished = await runCommand([...straceLine(log, options), '--', ...command], options);
    const calls = parseStrace(await readFile(log, 'utf8').catch(() => ''));
    // strace speaks for itself on stderr when it can't start the command or may not trace.
    if (calls.length === 0 && finished.stderr.includes('strace:')) throw new Error(finished.stderr.trim());
    return { ...finished, calls };
  });
}

/** The calls that a live process, its threads and its new children make while `run` does; `process.pid` is allowed. */
export function straceWhile<T>(
  pid: number,
  run: () => T | Promise<T>,
  options: StraceOptions = {},
): Promise<{ readonly value: T; readonly calls: readonly StraceCall[] }> {
  return withLog(async (log) => {
    const [program = 'strace', ...args] = straceLine(log, options);
    const strace = spawn(program, [...args, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    strace.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(strace, 'close');
    try {
      await attached(
        pid,
        () => strace.exitCode,
        () => stderr,
      );
      const value = await run();
      return { value, calls: await detach(strace.pid, ended, log) };
    } finally {
      if (strace.exitCode === null) strace.kill('SIGINT');
      await ended;
    }
  });
}

// SIGINT makes strace let go of everything and leave the traced processes running.
async function detach(
  strace: number | undefined,
  ended: Promise<unknown>,
  log: string,
): Promise<readonly StraceCall[]> {
  if (strace !== undefined) process.kill(strace, 'SIGINT');
  await ended;
  return parseStrace(await readFile(log, 'utf8'));
}

// -qq hides the word that strace is attached; the kernel tells it of every thread.
async function attached(pid: number, exitCode: () => number | null, stderr: () => string): Promise<void> {
  const tracer = () => /^TracerPid:\t(\d+)/m.exec(textOr(`/proc/${String(pid)}/status`))?.[1] ?? '0';
  for (const deadline = performance.now() + 5000; tracer() === '0'; await sleep(5)) {
    if (exitCode() !== null || performance.now() > deadline) {
      throw new Error(`strace could not attach to process ${String(pid)}: ${stderr().trim() || 'it took too long'}.`);
    }
  }
}

// Long strings are worth their space: paths, written values and environments are what tests look at.
const straceLine = (log: string, { syscalls, fault }: StraceOptions): readonly string[] => [
  ...['strace', '-f', '-qq', '-s', '4096', '-e', 'abbrev=!execve', '-o', log],
  ...(syscalls === undefined ? [] : ['-e', `trace=${syscalls.join(',')}`]),
  ...(fault === undefined ? [] : ['-e', `inject=${fault.syscall}:error=${fault.errno}:when=${String(fault.at)}`]),
];

async function withLog<T>(use: (log: string) => Promise<T>): Promise<T> {
  const directory = await makeTemporaryDirectory('strace');
  try {
    return await use(join(directory, 'log'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
