/** For tests: an engine's daemon, with what it makes of processes, mounts and networks in namespaces that end with it. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeTemporaryDirectory, runCommand, type Finished, type RunOptions } from '@haco/testkit';

/** A daemon that answers. */
export interface Engine {
  /** Everything of it lies here, its socket as `socket`. */
  readonly directory: string;
  /** Name of the group, at the top of each hierarchy, below which its containers belong. */
  readonly group: string;
  /** Run a program of the host in the daemon's network. */
  readonly beside: (command: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** What it has logged. */
  readonly log: () => string;
  /** End it, with everything that runs in it. Rejects when groups of its containers are left. */
  readonly stop: () => Promise<void>;
}

/** A daemon to start. */
export interface EngineProgram {
  readonly name: string;
  readonly command: (engine: Pick<Engine, 'directory' | 'group'>) => readonly string[];
  /** Whether it answers. */
  readonly isReady: (directory: string) => Promise<boolean>;
}

/** Of the daemon's own, so that nothing of it is left on the host, whatever becomes of the test. */
const namespaces = ['--mount', '--propagation', 'private', '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** The first process: it takes the ends of what has lost its parent, as an init does. */
const init = `
ip link set lo up
"$@" &
daemon=$!
trap 'kill -TERM $daemon' TERM
while kill -0 $daemon 2>/dev/null; do wait $daemon; done
`;

function groupsNamed(group: string): readonly string[] {
  return readdirSync('/sys/fs/cgroup')
    .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, group))
    .concat(join('/sys/fs/cgroup', group))
    .filter((path) => readdirSafely(path) !== undefined);
}

function readdirSafely(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}

/** The groups below one, the deepest first. */
function groupsIn(path: string): readonly string[] {
  const entries = (readdirSafely(path) ?? []).map((entry) => join(path, entry));
  return entries.flatMap((entry) => (readdirSafely(entry) === undefined ? [] : [...groupsIn(entry), entry]));
}

/** The kernel may still be taking its processes apart. */
async function removeGroup(path: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(20);
    }
  }
}

/** Start it and wait until it answers. */
export async function startEngine({ name, command, isReady }: EngineProgram): Promise<Engine> {
  const directory = await makeTemporaryDirectory(name);
  const group = `haco-test-${name}-${String(process.pid)}`;
  const logFile = join(directory, 'log');
  const output = openSync(logFile, 'w');
  const argv = [...namespaces, '/bin/sh', '-c', init, 'sh', ...command({ directory, group })];
  const outer = spawn('unshare', argv, { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new Promise<void>((resolve) => outer.once('close', () => resolve()));
  const log = (): string => readFileSync(logFile, 'utf8');
  const inner = (): string => {
    const children = `/proc/${String(outer.pid)}/task/${String(outer.pid)}/children`;
    return readFileSync(children, 'utf8').trim();
  };
  const stop = async (): Promise<void> => {
    // Its own way to end comes first: it takes the network of its containers apart.
    if (outer.exitCode === null) process.kill(Number(inner()), 'SIGTERM');
    await Promise.race([ended, sleep(10_000, undefined, { ref: false })]);
    outer.kill('SIGKILL');
    await ended;
    const left = groupsNamed(group).flatMap(groupsIn);
    for (const path of [...left, ...groupsNamed(group)]) await removeGroup(path);
    await rm(directory, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`The containers of ${name} have left groups: ${left.join(', ')}`);
  };
  for (let tries = 0; !(await isReady(directory)); tries++) {
    if (outer.exitCode !== null || tries > 300) {
      const said = log();
      await stop();
      throw new Error(`${name} doesn't answer:\n${said}`);
    }
    await sleep(100);
  }
  return {
    directory,
    group,
    log,
    stop,
    beside: (argv, options) => runCommand(['nsenter', '--target', inner(), '--net', ...argv], options),
  };
}
