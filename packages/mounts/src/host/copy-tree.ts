/** A copy of what is in a directory in an empty one. */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  symlinkSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { asOwner } from './as-owner.js';
import { raw, readable, type RawName } from './entry.js';
import { isMark } from './layer-marks.js';
import { listXattrs, makeNode, readXattr, writeXattr } from './xattr.js';

/** What is copied where. */
export interface TreeCopy {
  /** A directory, whatever leads to it; only its last name must be no link. */
  readonly from: string;
  /** An empty one. */
  readonly to: string;
  /** The same directory as people know it, for errors. */
  readonly shownAs: string;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;
const unmapped = 'its owner has no number in the user namespace of the container; map that, or change the owner';
const hints: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the filesystem that is copied to is too small for it; give it a larger size'],
  ['EINVAL', unmapped],
  ['EOVERFLOW', unmapped],
]);

/** Each level has two directories open. */
const mostLevels = 256;

/** Run with an open file, and close it. */
function using<T>(path: Buffer | string, flags: number, act: (fd: number) => T): T {
  const fd = openSync(path, flags, 0o600);
  try {
    return act(fd);
  } finally {
    closeSync(fd);
  }
}

/** A path that means this entry whatever happens to the names above it. */
function at(directory: number, name: RawName): Buffer {
  return raw(`/proc/self/fd/${String(directory)}/${name}`);
}

function copyContent(from: Buffer, to: Buffer): void {
  // A fifo that has come in its place must not hang.
  using(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, (source) =>
    using(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, (target) => {
      const buffer = Buffer.alloc(1 << 18);
      for (let read = 1; read > 0;) {
        read = readSync(source, buffer);
        for (let done = 0; done < read;) done += writeSync(target, buffer, done, read - done);
      }
    }),
  );
}

/** One copy of a tree. */
class TreeCopier {
  /** Extended attributes that the other filesystem doesn't have. */
  readonly unkept = new Set<string>();
  /** Where it is at the moment. */
  path: RawName = '';
  /** Where the first copy of a file with several names is. */
  private readonly firsts = new Map<string, RawName>();

  constructor(private readonly root: number) {}

  /** Owner, then mode (a change of owner clears set-user-id), then attributes (it clears capabilities, too), then what all that has changed. */
  private attributes(from: Buffer, to: Buffer, stats: Stats): void {
    lchownSync(to, stats.uid, stats.gid);
    if (!stats.isSymbolicLink()) chmodSync(to, stats.mode & 0o7777);
    for (const name of listXattrs(from)) {
      // Labels of a security module belong to the place, and marks of an overlay to its layer.
      if (isMark(name) || name === 'security.selinux') continue;
      const value = readXattr(from, name);
      if (value === undefined) continue;
      try {
        writeXattr(to, name, value);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'EOPNOTSUPP') throw thrown;
        this.unkept.add(name);
      }
    }
    lutimesSync(to, stats.atime, stats.mtime);
  }

  private file(from: Buffer, to: Buffer, stats: Stats): void {
    const key = `${String(stats.dev)}:${String(stats.ino)}`;
    const first = stats.nlink > 1 ? this.firsts.get(key) : undefined;
    // By its path in the copy, which nobody else sees.
    if (first !== undefined) return linkSync(at(this.root, first), to);
    if (stats.isFile()) copyContent(from, to);
    else if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, 'buffer'), to);
    else makeNode(to, stats.mode, stats.rdev);
    this.attributes(from, to, stats);
    if (stats.nlink > 1) this.firsts.set(key, this.path.slice(1));
  }

  inside(from: number, to: number, level = 0): void {
    if (level > mostLevels) throw Object.assign(new Error('too deep'), { code: 'ELOOP' });
    const here = this.path;
    for (const name of readdirSync(`/proc/self/fd/${String(from)}`, 'latin1')) {
      this.path = `${here}/${name}`;
      const [source, target] = [at(from, name), at(to, name)];
      const stats = lstatSync(source);
      if (!stats.isDirectory()) {
        this.file(source, target, stats);
        continue;
      }
      mkdirSync(target, 0o700);
      const open = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
      using(source, open, (inner) => using(target, open, (made) => this.inside(inner, made, level + 1)));
      this.path = `${here}/${name}`;
      // Last: they may take away the right to write in it.
      this.attributes(source, target, stats);
    }
    this.path = here;
  }
}

/**
 * Copy what is in a directory into an empty one, with content, owners, modes, times, extended attributes, hard links, devices, and
 * links as they are: none is followed. Of mount points below, what is mounted there. The directory that is copied to keeps its own
 * owner and mode; it may be on a filesystem of a user namespace that this process has power over.
 *
 * Errors: `io`, at the first entry that can't be copied.
 *
 * @returns names of extended attributes that the other filesystem doesn't have
 * @example
 * ```ts
 * import { orThrow } from '@haco/core';
 * import { copyTree } from '@haco/mounts';
 * orThrow(copyTree({ from: '/srv/root/etc', to: '/mnt/etc', shownAs: '/etc' }));
 * ```
 */
export function copyTree({ from, to, shownAs }: TreeCopy): Result<readonly string[], HacoError> {
  let path = '';
  try {
    const open = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    return using(from, open, (source) =>
      using(to, open, (target) => {
        const copier = new TreeCopier(target);
        try {
          asOwner(fstatSync(target), () => copier.inside(source, target));
        } finally {
          path = copier.path;
        }
        return ok([...copier.unkept].sort());
      }),
    );
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('code' in thrown)) throw thrown;
    const errno = String(thrown.code);
    const hint = hints.get(errno) ?? hintFor('openat', errno);
    return err(new IoError({ what: 'copy', path: `${shownAs}${readable(path)}`, errno, hint }));
  }
}
