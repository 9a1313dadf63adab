/** What the cases find on the host: files to bind, a process whose namespaces are entered, a disk. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeTemporaryDirectory, runCommand } from '@haco/testkit';
import { type Host } from './case.js';

const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'pid_for_children', 'time', 'time_for_children', 'user', 'uts'];

export interface HostOfTest extends Host {
  /** Words for the namespaces that are there before the containers. */
  readonly namespaces: ReadonlyMap<number, string>;
  readonly remove: () => Promise<void>;
}

const inodeOf = (pid: string, kind: string): number => Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/${kind}`))?.[0]);

function inodesOf(pid: string): readonly number[] {
  return kinds.map((kind) => inodeOf(pid, kind));
}

function firstDisk(): string | undefined {
  const name = readdirSync('/sys/block').find((one) => /^(vd|sd|nvme)/.test(one));
  return name === undefined ? undefined : readFileSync(join('/sys/block', name, 'dev'), 'utf8').trim();
}

/** Something to enter: a process that waits until its input ends, and the first process of the pid namespace of its children. */
async function startHolder(): Promise<{ readonly pid: number; readonly end: () => Promise<void> }> {
  const unshare = ['--uts', '--ipc', '--net', '--cgroup', '--pid', '--fork', '--kill-child'];
  const child = spawn('unshare', [...unshare, 'sh', '-c', 'echo there; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

/** Everything, to be removed again. */
export async function makeHost(): Promise<HostOfTest> {
  const data = await makeTemporaryDirectory('differential-data');
  // Also for the root of a user namespace.
  chmodSync(data, 0o755);
  const below = join(data, 'tree', 'below');
  mkdirSync(below, { recursive: true });
  writeFileSync(join(data, 'file'), 'of the host');
  writeFileSync(join(data, 'tree', 'file'), 'of the tree');
  mkdirSync(join(data, 'closed'), { mode: 0o700 });
  writeFileSync(join(data, 'closed', 'file'), 'for root');
  await runCommand(['mount', '-t', 'tmpfs', 'tmpfs', below]);
  writeFileSync(join(below, 'file'), 'below');
  const holder = await startHolder();
  const own = inodesOf('self').map((inode) => [inode, 'host'] as const);
  const theirs = inodesOf(String(holder.pid)).map((inode) => [inode, 'holder'] as const);
  return {
    data,
    group: `/haco-differential-${String(process.pid)}`,
    holder: holder.pid,
    disk: statSync('/sys/block', { throwIfNoEntry: false }) === undefined ? undefined : firstDisk(),
    namespaces: new Map([...theirs, ...own]),
    remove: async () => {
      await holder.end();
      await runCommand(['umount', below]);
      rmSync(data, { recursive: true });
    },
  };
}
