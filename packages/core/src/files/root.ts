/** The root directory in which paths are resolved, and what is there: never by following a link out of it. */
import { closeSync, constants, fstatSync, openSync, statfsSync, type Stats } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import {
  InvalidSpecError,
  IoError,
  issue,
  NotFoundError,
  parseText,
  quote,
  type HacoError,
  type IdRange,
} from '@haco/plan';
import { errnoName, hintFor, openBelow } from '@haco/sys';
import { O_PATH } from '../o-path.js';

/** How ids inside are called outside. */
export interface OwnerMap {
  readonly uid: readonly IdRange[];
  readonly gid: readonly IdRange[];
}

/** Where a tree of files is. */
export interface FilesRoot {
  /** A descriptor of the root directory, for one operation: whoever asks closes it. Errors: `state`, when the container has ended. */
  readonly open: () => Result<number, HacoError>;
  /** Undefined where ids are the same inside and outside. */
  readonly owners: () => OwnerMap | undefined;
}

/** What was found under a path: the descriptor is the caller's to close. */
export interface Found {
  readonly fd: number;
  readonly stat: Stats;
}

/** The error of a call on a file of the container. */
export function fileError(what: string, path: string, errno: string, syscall: string): HacoError {
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return new NotFoundError({
      what: 'file',
      subject: path,
      remedy: 'give a path that exists inside, or make it first',
    });
  }
  const known: Readonly<Record<string, string>> = {
    EACCES: 'this process may not; run as the owner of the file, as root, or by exec() in the container',
    EPERM: 'this process may not; run as the owner of the file, as root, or by exec() in the container',
    EXDEV: 'another filesystem is mounted below, and stays untouched; name what is in it by itself',
    ELOOP: 'too many links, or a magic link of /proc, which could lead out',
    ENOTEMPTY: 'the directory has something in it; add { recursive: true }',
    EBUSY: 'something is mounted there, or it is in use',
  };
  return new IoError({ what, path, errno, hint: known[errno] ?? hintFor(syscall, errno) });
}

/** The error of one of Node's own functions. */
export function nodeError(what: string, path: string, error: unknown): HacoError {
  const { code = '', syscall = 'openat' } = error as NodeJS.ErrnoException;
  return fileError(what, path, code, syscall === 'open' ? 'openat' : syscall);
}

/** Paths are absolute, as seen inside. */
export function checkPath(path: unknown): Result<string, HacoError> {
  const problem = parseText(path, 'the path').match(
    (text) => (text.startsWith('/') ? undefined : `${quote(text)} must be an absolute path, as seen inside`),
    (message) => message,
  );
  return problem === undefined ? ok(path as string) : err(new InvalidSpecError({ issues: [issue('path', problem)] }));
}

/** Do something with the root directory, and close it. */
export function withRoot<T>(root: FilesRoot, use: (fd: number) => Result<T, HacoError>): Result<T, HacoError> {
  return root.open().andThen((fd) => {
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** Find what a path names. Without `follow` a link at its end is itself what is meant. */
export function locate(
  root: FilesRoot,
  path: string,
  { what, follow = true }: { readonly what: string; readonly follow?: boolean },
): Result<Found, HacoError> {
  return checkPath(path).andThen(() =>
    withRoot(root, (directory) => {
      const fd = openBelow({ root: directory, path, flags: O_PATH | (follow ? 0 : constants.O_NOFOLLOW) });
      if (fd < 0) return err(fileError(what, path, errnoName(-fd), 'openat2'));
      return ok({ fd, stat: fstatSync(fd) });
    }),
  );
}

/** What kind of thing it is. */
export type FileType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'character-device' | 'block-device';

/** The kind of what `stat` is of. */
export function typeOf(stat: Stats): FileType {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isBlockDevice() ? 'block-device' : 'character-device';
}

/**
 * Filesystems whose files are settings: what is written to them, or made and removed in them, changes the kernel, and for a caller
 * outside the container that of the host, or of the caller's own namespaces. The numbers are those of statfs(2) and linux/magic.h.
 */
const settings: Readonly<Record<number, string>> = Object.freeze({
  0x0000_9fa0: 'procfs',
  0x6265_6572: 'sysfs',
  0x0027_e0eb: 'cgroup',
  0x6367_7270: 'cgroup2',
  0x6462_6720: 'debugfs',
  0x7472_6163: 'tracefs',
  0x7363_6673: 'securityfs',
  0xf97c_ff8c: 'selinuxfs',
  0x4341_5d53: 'smackfs',
  0x6265_6570: 'configfs',
  0xcafe_4a11: 'bpffs',
  0x4249_4e4d: 'binfmt_misc',
  0xde5e_81e4: 'efivarfs',
  0x6165_676c: 'pstorefs',
  0x0765_5821: 'resctrl',
  0x6573_5543: 'fusectl',
});

/**
 * Refuse to change what lies on a filesystem of settings: a link that a guest has made to /proc/sys/kernel/core_pattern leads nowhere
 * outside of its root, and would still be the host's. `fd` is what will be written, or the directory in which something is made.
 */
export function refuseSettings(fd: number, path: string, what: string): Result<void, HacoError> {
  // Unsigned: libuv gives the type as it is, some are larger than 2^31.
  const name = settings[statfsSync(`/proc/self/fd/${String(fd)}`).type >>> 0];
  if (name === undefined) return ok();
  const hint = `it lies on ${name}, where a write is a setting of the kernel; make it from inside, by exec()`;
  return err(new IoError({ what, path, errno: 'EROFS', hint }));
}

/**
 * Open what was found, for good: exactly that, whatever its name means by now. Only regular files and directories: opening a device
 * or a fifo does something to it, and a device that a container has made may be one of the host's disks.
 */
export function reopen(found: Found, path: string, what: string, flags: number): Result<number, HacoError> {
  const type = typeOf(found.stat);
  const wanted = (flags & constants.O_DIRECTORY) === 0 ? 'file' : 'directory';
  if (type !== wanted) {
    const hint = `it is a ${type}, and only a ${wanted === 'file' ? 'regular file' : wanted} will do`;
    return err(new IoError({ what, path, errno: type === 'directory' ? 'EISDIR' : '', hint }));
  }
  const writes = (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
  const refused = writes ? refuseSettings(found.fd, path, what) : ok();
  if (refused.isErr()) return err(refused.error);
  try {
    const own = `/proc/self/fd/${String(found.fd)}`;
    return ok(openSync(own, flags | constants.O_NONBLOCK | constants.O_NOCTTY));
  } catch (error) {
    return err(nodeError(what, path, error));
  }
}

/** Find and open in one. */
export function openFound(
  root: FilesRoot,
  path: string,
  what: string,
  flags: number,
): Result<{ readonly fd: number; readonly stat: Stats }, HacoError> {
  return locate(root, path, { what }).andThen((found) => {
    const opened = reopen(found, path, what, flags).map((fd) => ({ fd, stat: found.stat }));
    closeSync(found.fd);
    return opened;
  });
}
