/** For the tests of this package: haco as a program of its own, in a pipe or in a terminal. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathToFileURL } from 'node:url';
import { haco, orThrow, type Container } from '@haco/core';
import { makeTemporaryDirectory } from '@haco/testkit';
import { afterAll, beforeAll } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** The command line of haco from its sources. */
export const hacoCommand: readonly [string, ...string[]] = [
  process.execPath,
  '--import',
  tsx,
  '--conditions',
  '@haco/source',
  main,
];

/** How haco ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run that goes on. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has written to stdout so far. */
  readonly stdout: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** How to run it. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string | Buffer;
}

/** Start haco with pipes. */
export function startHaco(args: readonly string[], { env = {}, cwd, input = '' }: RunOptions = {}): Running {
  const [node, ...words] = hacoCommand;
  const child = spawn(node, [...words, ...args], { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { pid: child.pid ?? 0, ended, stdout: () => stdout, kill: (signal) => child.kill(signal) };
}

/** Run haco with pipes until it ends. */
export function runHaco(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startHaco(args, options).ended;
}

/** Wait until something holds; fails with what was seen instead. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: () => string,
): Promise<T> {
  const deadline = Date.now() + 25_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A directory for the tests of a file, in which haco keeps its states and what it can make again meanwhile; afterwards it is gone. */
export function testHome(purpose: string): { readonly path: string } {
  let path = '';
  beforeAll(async () => {
    path = await makeTemporaryDirectory(purpose);
    process.env['HACO_STATE_DIR'] = join(path, 'state');
    process.env['XDG_CACHE_HOME'] = join(path, 'cache');
    await warmUp();
  });
  afterAll(() => {
    for (const name of ['HACO_STATE_DIR', 'XDG_CACHE_HOME']) Reflect.deleteProperty(process.env, name);
    rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
  };
}

/** What this process keeps from its first start of a container on is there before anybody counts descriptors. */
export async function warmUp(): Promise<void> {
  await orThrow(haco().tty().command('true').run());
}

/** haco in a terminal, as a person has it. */
export class InTerminal implements AsyncDisposable {
  #seen = '';
  private constructor(private readonly container: Container) {
    container.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#seen += text));
  }

  static async start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<InTerminal> {
    const [file = '', ...args] = command;
    const kept = Object.fromEntries(
      ['PATH', 'HOME', 'HACO_STATE_DIR', 'XDG_CACHE_HOME'].flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const builder = haco()
      .env({ ...kept, TERM: 'xterm', ...env })
      .workdir(process.cwd())
      .tty({ columns: 100, rows: 30 })
      .command(file, ...args);
    return new InTerminal(await orThrow(builder.start()));
  }

  /** Everything that was shown so far. */
  get seen(): string {
    return this.#seen;
  }

  type(keys: string): void {
    this.container.stdin?.write(keys);
  }

  resize(columns: number, rows: number): void {
    orThrow(this.container.resize(columns, rows));
  }

  kill(signal: NodeJS.Signals): void {
    orThrow(this.container.kill(signal));
  }

  /** Wait until the screen has shown this. */
  async shows(pattern: RegExp, since = 0): Promise<void> {
    await until(
      () => pattern.test(this.#seen.slice(since)),
      () => `${String(pattern)} in ${JSON.stringify(this.#seen.slice(since))}`,
    );
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    return (await orThrow(this.container.wait())).exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container[Symbol.asyncDispose]();
  }
}
