/** Runs a command or a function as an ordinary user of the machine, without making one. */
import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { type Finished, runCommand, type RunOptions } from './run-command.js';
import { makeTemporaryDirectory } from './temporary.js';

export interface AsUserOptions extends Omit<RunOptions, 'uid' | 'gid'> {
  /** 65534 (nobody) when left out. */
  readonly uid?: number;
  /** The same number as the uid when left out. */
  readonly gid?: number;
}

/**
 * Without supplementary groups and without any capability; HOME and XDG_RUNTIME_DIR are temporary directories of the user, and
 * nothing else of our environment is passed on but PATH. When we aren't root ourselves it is run as who we are.
 */
export async function asUser(command: readonly string[], options: AsUserOptions = {}): Promise<Finished> {
  const { uid = 65534, gid = uid, env = {}, ...rest } = options;
  const isRoot = process.geteuid?.() === 0;
  const home = await makeTemporaryDirectory('home');
  const runtime = join(home, 'run');
  try {
    await mkdir(runtime, { mode: 0o700 });
    if (isRoot) await Promise.all([home, runtime].map((path) => chown(path, uid, gid)));
    const own = { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: runtime, LANG: 'C.UTF-8', ...env };
    return await runCommand(command, { cwd: home, ...rest, env: own, ...(isRoot ? { uid, gid } : {}) });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Runs a function in a Node process of that user and returns its value, both as JSON. The function is sent as text: it sees its
 * arguments and globals only, takes modules from `process.getBuiltinModule`, and must not use `import`.
 */
export async function callAsUser<A extends readonly Json[], T>(
  run: (...args: A) => T | Promise<T>,
  { args, ...options }: AsUserOptions & { readonly args: A },
): Promise<T> {
  // esbuild, through which tests are loaded, may have put calls of its helper __name into the function.
  const script = `
    globalThis.__name = (value) => value;
    const value = await (${run.toString()})(...${JSON.stringify(args)});
    process.stdout.write('\\n' + JSON.stringify({ value }));`;
  const { exitCode, signal, stdout, stderr } = await asUser(
    [process.execPath, '--input-type=module', '--eval', script],
    options,
  );
  if (exitCode !== 0) {
    throw new Error(
      `The function ended with ${signal ?? `exit code ${String(exitCode)}`} as another user:\n${stderr.trim()}`,
    );
  }
  const { value } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))) as { readonly value: T };
  return value;
}
