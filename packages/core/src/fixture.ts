/** For kernel tests: a warm start, and a container to do something in. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { expectNothingLeft, processesWith, nodeWith } from '@haco/testkit';
import { haco, orThrow, type Builder, type Container, type ExecOptions } from './index.js';

/**
 * What haco opens once for the whole process must not count as a leftover of the first test: one run that waits for its end, so
 * that the launcher's file, the epoll set and /dev/null are open.
 */
export async function warmUp(): Promise<void> {
  // One that can't have ended before anybody watches, however slow the machine: it only ends when it is disposed of.
  const container = await orThrow(haco().command('/bin/sleep', '60').start());
  await container[Symbol.asyncDispose]();
  await orThrow(haco().command('/bin/true').run());
}

/** Something that goes on with a container that sleeps; nothing is left of both. */
export function inside<T>(builder: Builder, use: (container: Container) => Promise<T>): Promise<T> {
  return expectNothingLeft(async () => {
    await using container = await orThrow(builder.command('/bin/sleep', '600').start());
    return await use(container);
  });
}

/** What a further process of the container writes. */
export async function stdoutOf(container: Container, options: ExecOptions): Promise<string> {
  return (await orThrow(container.exec(options))).stdout;
}

/**
 * How long the commands of a Node that is killed sleep, in seconds, as nobody else does: an orphan of a plain `haco()` has nothing
 * else by which it could be told from a stranger's program.
 */
export const markedSleep = `100.${String(process.pid)}${String(Math.floor(Math.random() * 1e9))}`;

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** No command that sleeps so is left; those that are don't stay. */
async function expectNoSleeper(): Promise<void> {
  try {
    await expect.poll(() => processesWith(markedSleep), { timeout: 10_000 }).toEqual([]);
  } finally {
    for (const pid of processesWith(markedSleep)) killQuietly(pid);
  }
}

/** What is different about the Node that is killed. */
interface KillOptions {
  /** What it is started by: a command line that is replaced by the given one. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
  /** What may stay, see `expectNothingLeft()`. */
  readonly ignore?: RegExp;
  /** Looked at before it is killed. */
  readonly before?: () => void;
}

/** Run a program, and kill it with SIGKILL so long after its first line. */
async function killProgram(
  program: string,
  afterMs: number,
  { wrap = (command) => command, before }: KillOptions = {},
): Promise<void> {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const [file = '', ...args] = wrap(nodeWith(program));
  const node = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise<NodeJS.Signals | null>((resolve) =>
    node.once('close', (_code, signal: NodeJS.Signals | null) => {
      resolve(signal);
    }),
  );
  await Promise.race([gone, new Promise((resolve) => node.stdout.once('data', resolve))]);
  await sleep(afterMs);
  before?.();
  node.kill('SIGKILL');
  // One that has ended before by an error of its own shows nothing.
  expect(await gone).toBe('SIGKILL');
  await expectNoSleeper();
}

/**
 * Start a program that prints a line and then starts containers again and again, and kill it with SIGKILL in the middle, `rounds` times;
 * nothing is left. Long commands of it are `sleep` for {@link markedSleep}. Each round loads TypeScript anew, which takes a virtual machine ten seconds on a busy host.
 *
 * @param program - text of a module
 */
export async function killAtAnyMoment(program: string, rounds: number, options: KillOptions = {}): Promise<void> {
  await expectNothingLeft(
    async () => {
      // Before the first start, and then always in the middle of one.
      for (let round = 0; round < rounds; round++) await killProgram(program, 5 + Math.random() * 150, options);
    },
    options.ignore === undefined ? {} : { ignore: options.ignore },
  );
}

/** Start containers whose command takes back its bond to Node's life, kill Node while all of them run, and find nothing left. */
export async function killWithUnboundContainers(builders: readonly string[]): Promise<void> {
  const index = JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)));
  const program = `
    import { haco, sandbox } from ${index};
    const unbound = ['/usr/bin/setpriv', '--pdeathsig', 'clear', '/bin/sleep', '${markedSleep}'];
    const builders = [${builders.join(', ')}].map((builder) => builder.command(...unbound));
    for (const builder of builders) {
      const started = await builder.start();
      if (started.isErr()) throw started.error;
      // Served by the fork server, and alone, too.
      void builder.run();
    }
    setTimeout(() => console.log('running'), 300);`;
  // `start()` has seen each of these execute its command.
  const before = (): void => expect(processesWith(`\0${markedSleep}\0`).length).toBeGreaterThanOrEqual(builders.length);
  await expectNothingLeft(() => killProgram(program, 0, { before }), { patienceMs: 5000 });
}
