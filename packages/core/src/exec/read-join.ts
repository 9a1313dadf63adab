/** What of a running process must be joined: its namespaces, root, groups and ids, as the kernel tells them. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { groupsOf, type ExistingGroup } from '@haco/cgroups';
import { kindsInOrder, namespaceTable } from '@haco/namespaces';
import {
  IoError,
  PermissionError,
  type HacoError,
  type HostFacts,
  type IdRange,
  type NamespaceKind,
  type SharedFacts,
  nothing,
} from '@haco/plan';
import { hintFor, openBelow } from '@haco/sys';
import { O_PATH } from '../o-path.js';
import type { JoinSection } from './join-part.js';
import { stopped } from './pidfd.js';

function failed(error: unknown, path: string): HacoError {
  const errno = (error as NodeJS.ErrnoException).code ?? '';
  if (errno === 'ENOENT' || errno === 'ESRCH') return stopped('join the container');
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new PermissionError({
      what: `look into ${path}`,
      missing: 'the process belongs to another user or another user namespace',
      remedy: 'run as its owner, or as root (CAP_SYS_PTRACE)',
    });
  }
  return new IoError({ what: 'read', path, errno, hint: hintFor('openat', errno) });
}

/** Whatever is read by number; the caller verifies afterwards that the process is still the same. */
function reading<T>(path: string, read: (path: string) => T): Result<T, HacoError> {
  try {
    return ok(read(path));
  } catch (error) {
    return err(failed(error, path));
  }
}

/** The kinds of namespaces that a process doesn't share with this one. */
function foreignKinds(pid: number): Result<readonly NamespaceKind[], HacoError> {
  return reading(`/proc/${String(pid)}/ns`, (directory) =>
    kindsInOrder.filter((kind) => {
      const { file } = namespaceTable[kind];
      return readlinkSync(`${directory}/${file}`) !== readlinkSync(`/proc/self/ns/${file}`);
    }),
  );
}

function ranges(text: string): readonly IdRange[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([inside = 0, outside = 0, count = 0]) => ({ inside, outside, count }));
}

/** How ids inside are called here. */
function readIdMap(pid: number): Result<NonNullable<SharedFacts['idMap']>, HacoError> {
  return reading(`/proc/${String(pid)}`, (directory) => ({
    // Where setgroups(2) is switched off, it is as with ids that a process has mapped by itself.
    kind: readFileSync(`${directory}/setgroups`, 'utf8').trim() === 'deny' ? 'self' : 'ranges',
    uid: ranges(readFileSync(`${directory}/uid_map`, 'utf8')),
    gid: ranges(readFileSync(`${directory}/gid_map`, 'utf8')),
  }));
}

/** Device 5:2. */
const ptmx = 0x502;

/** Whether terminals can be made inside: /dev/pts/ptmx is the device that makes them. Only looked at, not opened. */
function hasDevpts(root: string): boolean {
  const directory = openSync(root, O_PATH | constants.O_DIRECTORY);
  const fd = openBelow({ root: directory, path: '/dev/pts/ptmx', flags: O_PATH });
  try {
    return fd >= 0 && fstatSync(fd).isCharacterDevice() && fstatSync(fd).rdev === ptmx;
  } finally {
    closeSync(directory);
    if (fd >= 0) closeSync(fd);
  }
}

/** What the caller knows better than the kernel tells. */
export interface KnownOfContainer {
  readonly groups?: readonly ExistingGroup[];
  /** It entered its root by pivot_root(2), so that joining its mount namespace is enough. */
  readonly pivoted?: boolean;
  readonly ownDevpts?: boolean;
}

/** Everything about the process that a join needs. Errors: `state`, when it has ended; `permission`; `io`. */
export function readJoin(
  pid: number,
  host: HostFacts,
  known: KnownOfContainer = nothing,
): Result<JoinSection, HacoError> {
  const root = `/proc/${String(pid)}/root`;
  return foreignKinds(pid).andThen((kinds) =>
    reading(root, (path) => ({
      theirs: statSync(path),
      ours: statSync('/'),
      devpts: known.ownDevpts ?? hasDevpts(path),
    })).andThen(({ theirs, ours, devpts }) => {
      const changesRoot = kinds.includes('mount') || theirs.dev !== ours.dev || theirs.ino !== ours.ino;
      const section: JoinSection = {
        pid,
        kinds,
        changesRoot,
        ownRoot: changesRoot && known.pivoted !== true,
        ownDevpts: changesRoot && devpts,
        groups: (known.groups ?? groupsOf(pid, host)).map(({ version, path }) => ({ version, path })),
      };
      return kinds.includes('user') ? readIdMap(pid).map((idMap) => ({ ...section, idMap })) : ok(section);
    }),
  );
}
