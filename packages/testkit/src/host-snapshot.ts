/** What a container could leave on the host, listed before and after. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type MountInfo, readMounts } from './mountinfo.js';
import { cachePrefix } from './native-tool.js';
import { ownProcesses, type ProcessInfo, readProcesses } from './processes.js';
import { entriesIn, linkOr, namesIn, textOr } from './read-or.js';
import { ownerOf } from './temporary.js';

export type HostItemKind =
  | 'process'
  | 'zombie'
  | 'thread'
  | 'descriptor'
  | 'mount'
  | 'cgroup'
  | 'network namespace'
  | 'network interface'
  | 'temporary file'
  | 'shared memory';

export interface HostItem {
  readonly kind: HostItemKind;
  /** Tells it apart from all others of its kind, also from a later one with the same name where that can be known. */
  readonly id: string;
}

/** `kind id` → item. */
export type HostSnapshot = ReadonlyMap<string, HostItem>;

export interface HostDifference {
  /** There now and not before. */
  readonly added: readonly HostItem[];
  /** There before and not now. */
  readonly removed: readonly HostItem[];
}

/** Synchronous, so that nothing of this process changes while it looks. */
export function takeSnapshot(): HostSnapshot {
  const mounts = readMounts();
  const processes = readProcesses();
  const isOurs = ownership(processes);
  const items = [
    ...processItems(processes),
    ...threadItems(),
    ...descriptorItems(),
    ...mounts.filter(({ target }) => isOurs(target)).map(mountItem),
    ...cgroupItems(mounts),
    ...namesIn('/run/netns').map((name) => item('network namespace', `/run/netns/${name}`)),
    ...namesIn('/sys/class/net').map((name) => item('network interface', name)),
    ...temporaryFiles()
      .filter(isOurs)
      .map((path) => item('temporary file', path)),
    ...namesIn('/dev/shm').map((name) => item('shared memory', `/dev/shm/${name}`)),
  ];
  return new Map(items.map((entry) => [`${entry.kind} ${entry.id}`, entry]));
}

export function diffSnapshots(before: HostSnapshot, after: HostSnapshot): HostDifference {
  const missingIn = (other: HostSnapshot) => (entry: [string, HostItem]) => !other.has(entry[0]);
  return {
    added: [...after].filter(missingIn(before)).map(([, entry]) => entry),
    removed: [...before].filter(missingIn(after)).map(([, entry]) => entry),
  };
}

const item = (kind: HostItemKind, id: string): HostItem => ({ kind, id });

/**
 * Whether a path may be our business. What lies in the temporary directory and isn't called haco is not, nor is what another
 * live test run has made there.
 */
function ownership(processes: readonly ProcessInfo[]): (path: string) => boolean {
  const ours = new Set([process.pid, ...ownProcesses(processes).map(({ pid }) => pid)]);
  const strangers = new Set(processes.map(({ pid }) => pid).filter((pid) => !ours.has(pid)));
  const temporary = `${tmpdir()}/`;
  return (path) => {
    if (!path.startsWith(temporary)) return true;
    const owner = ownerOf(path);
    return path.startsWith(`${temporary}haco`) && (owner === undefined || !strangers.has(owner));
  };
}

function processItems(processes: readonly ProcessInfo[]): readonly HostItem[] {
  return ownProcesses(processes).map(({ pid, comm, startTime, state }) =>
    item(state === 'Z' ? 'zombie' : 'process', `${String(pid)} (${comm}), started at tick ${String(startTime)}`),
  );
}

function threadItems(): readonly HostItem[] {
  return namesIn('/proc/self/task').map((tid) =>
    item('thread', `${tid} (${textOr(`/proc/self/task/${tid}/comm`).trim()})`),
  );
}

function descriptorItems(): readonly HostItem[] {
  // The descriptor by which the directory was listed is closed again: it has no target any more.
  return namesIn('/proc/self/fd')
    .map((fd) => [fd, linkOr(`/proc/self/fd/${fd}`)] as const)
    .filter(([, target]) => target !== '')
    .map(([fd, target]) => item('descriptor', `${fd} → ${target}`));
}

const mountItem = ({ id, target, type, source }: MountInfo): HostItem =>
  item('mount', `${target} (${type} from ${source}, id ${String(id)})`);

// What systemd starts and stops on its own is nobody's leftover.
const systemdUnit = /\.(service|socket|mount|swap)(\/|$)/;

function cgroupItems(mounts: readonly MountInfo[]): readonly HostItem[] {
  return mounts
    .filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
    .flatMap(({ target }) => directoriesBelow(target))
    .filter((path) => path.includes('haco') || !systemdUnit.test(path))
    .map((path) => item('cgroup', path));
}

function directoriesBelow(directory: string): readonly string[] {
  return entriesIn(directory)
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name))
    .flatMap((path) => [path, ...directoriesBelow(path)]);
}

function temporaryFiles(): readonly string[] {
  const temporary = namesIn(tmpdir())
    .filter((name) => name.startsWith('haco') && !name.startsWith(cachePrefix))
    .map((name) => join(tmpdir(), name));
  // The state directories themselves may stay; their content may not.
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const states = ['/run/haco', ...(runtime === undefined ? [] : [join(runtime, 'haco')])];
  const networks = ['/run/haco-networks', ...(runtime === undefined ? [] : [join(runtime, 'haco-networks')])];
  return [...temporary, ...states.flatMap(twoLevels), ...networks.flatMap(networkFiles)];
}

// Directories may stay here, too; `etc/<container>` and `netns/<id>` may not.
function networkFiles(directory: string): readonly string[] {
  return namesIn(directory).flatMap((name) => {
    const path = join(directory, name);
    return name === 'etc' || name === 'netns' ? namesIn(path).map((inner) => join(path, inner)) : [path];
  });
}

// /run/haco/<group>/<container>: deep enough to see an entry, without every file in it.
function twoLevels(directory: string): readonly string[] {
  return namesIn(directory)
    .map((name) => join(directory, name))
    .flatMap((path) => [path, ...namesIn(path).map((name) => join(path, name))]);
}
