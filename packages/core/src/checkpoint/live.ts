/** What of a live process a checkpoint must know: its namespaces, its mounts, its standard streams. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import type { ExternalMount, MountPoint, SavedStream } from './image.js';

/** One line of mountinfo; see proc_pid_mountinfo(5). */
export interface LiveMount {
  readonly id: string;
  /** Id of the mount on which it lies. */
  readonly parent: string;
  /** `major:minor`: two mounts of one filesystem have the same. */
  readonly device: string;
  /** Which of its directories, or files, is mounted. */
  readonly root: string;
  readonly target: string;
  readonly type: string;
  /** Those of the mount, not those of its filesystem. */
  readonly options: readonly string[];
}

/** A path without the octal escapes of the kernel. */
function unescaped(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The lines. */
export function parseMounts(text: string): readonly LiveMount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [id = '', parent = '', device = '', root = '', target = '', options = ''] = before.split(' ');
      return {
        id,
        parent,
        device,
        root: unescaped(root),
        target: unescaped(target),
        type: after.split(' ')[0] ?? '',
        options: options.split(','),
      };
    });
}

/** Mounts of a process. Throws what `fs` throws. */
export function mountsOf(pid: number | 'self'): readonly LiveMount[] {
  return parseMounts(readFileSync(`/proc/${String(pid)}/mountinfo`, 'utf8'));
}

/** What CRIU saves with its content, or makes anew, when nobody else has it mounted. */
const saved = new Set(['proc', 'tmpfs', 'devpts', 'mqueue']);
/** It is one for all in a net namespace, and mounting it anew gives the right one. */
const shared = 'sysfs';

function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

/** The mounts that CRIU can't make by itself: what is the host's. */
export function externalMounts(mounts: readonly LiveMount[], host: readonly LiveMount[]): readonly LiveMount[] {
  const hosts = new Set(host.map(({ device }) => device));
  const root = mounts.find(({ target }) => target === '/');
  const own = new Set(
    mounts.flatMap(({ device, root: from, type }) =>
      from === '/' && (type === shared || (saved.has(type) && !hosts.has(device))) ? [device] : [],
    ),
  );
  return mounts.filter(
    (mount) =>
      mount.target !== '/' &&
      !own.has(mount.device) &&
      // A part of the root directory itself, made read-only or the like.
      !(root !== undefined && mount.device === root.device && isBelow(mount.root, root.root)),
  );
}

function isDirectory(pid: number, target: string): boolean {
  return statSync(`/proc/${String(pid)}/root${target}`, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Where mounts lie on the root directory itself. */
export function mountPoints(pid: number, mounts: readonly LiveMount[]): readonly MountPoint[] {
  const root = mounts.findLast(({ target }) => target === '/');
  const targets = mounts.flatMap(({ parent, target }) => (parent === root?.id ? [target] : []));
  return [...new Set(targets)].map((target) => ({ target, directory: isDirectory(pid, target) }));
}

const groupTypes = new Set(['cgroup', 'cgroup2']);

/** With what is at their places. */
export function describeExternals(
  pid: number,
  mounts: readonly LiveMount[],
  host: readonly LiveMount[],
): readonly ExternalMount[] {
  // The last one at a place is the one that is seen.
  const seen = new Map(mounts.map((mount) => [mount.target, mount]));
  return [...seen.values()].map(({ target, type, device, options }) => {
    const hierarchy = groupTypes.has(type) ? host.find((one) => one.device === device)?.target : undefined;
    return {
      target,
      directory: isDirectory(pid, target),
      options,
      ...(hierarchy === undefined ? {} : { hierarchy }),
    };
  });
}

/** Whether a process has a namespace of this kind that isn't this process's. */
export function hasOwn(pid: number, file: 'user' | 'mnt' | 'net' | 'cgroup'): boolean {
  return readlinkSync(`/proc/${String(pid)}/ns/${file}`) !== readlinkSync(`/proc/self/ns/${file}`);
}

/** The inode number of its net namespace. */
export function netInode(pid: number): string {
  return /\d+/.exec(readlinkSync(`/proc/${String(pid)}/ns/net`))?.[0] ?? '';
}

/** Device 1:3. */
const nullDevice = 0x103;

/** Where a descriptor leads to; undefined: it is closed. */
export function streamOf(pid: number, fd: number): SavedStream | undefined {
  const path = `/proc/${String(pid)}/fd/${String(fd)}`;
  try {
    const link = readlinkSync(path);
    if (/^(?:pipe|socket):\[\d+\]$/.test(link)) return { resource: link, isNull: false };
    const info = readFileSync(`/proc/${String(pid)}/fdinfo/${String(fd)}`, 'utf8');
    const mount = Number(/mnt_id:\s*(\d+)/.exec(info)?.[1] ?? 0);
    const { ino, rdev } = statSync(path);
    return { resource: `file[${mount.toString(16)}:${ino.toString(16)}]`, isNull: rdev === nullDevice };
  } catch {
    return undefined;
  }
}
