/** Opening a file of a root filesystem for reading, without following any link out of it. */
import { err, ok, type Result } from 'neverthrow';
import { flags, IoError, NotFoundError, openFlags, type HacoError, nothing } from '@haco/plan';
import { syscallNumbers } from './codec/numbers.generated.js';
import { errnoName } from './errno.js';
import { hintFor } from './hint.js';
import { libc, rawSyscall } from './libc.js';

const AT_FDCWD = -100;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const EAGAIN = 11;
/** A rename anywhere at the wrong moment makes the kernel ask for another try; nobody wins this race so often by chance. */
const tries = 128;
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const numbers = syscallNumbers[arch];

/** What {@link openBelow} takes. */
export interface OpenBelow {
  /** Descriptor of the directory that is `/` for the path. */
  readonly root: number;
  /** As a process in that root would write it; bytes where the name isn't text. */
  readonly path: string | Uint8Array;
  /** Flags of open(2); O_CLOEXEC is added. */
  readonly flags: number;
  /** Mode of a new file, before the umask of this process. */
  readonly mode?: number;
}

/**
 * Open `path` as a process would whose root is `root`: `..` and absolute links stay inside, magic links are refused.
 *
 * @returns a descriptor, which is the caller's to close, or a negative errno
 * @see openat2(2), RESOLVE_IN_ROOT
 */
export function openBelow({ root, path, flags: open, mode = 0 }: OpenBelow): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(open | flags(openFlags(arch), 'O_CLOEXEC').value), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 16);
  const text = Buffer.concat([Buffer.from(path as string), Buffer.of(0)]);
  let fd = -EAGAIN;
  for (let left = tries; fd === -EAGAIN && left > 0; left--) {
    fd = rawSyscall(numbers.openat2, root, text, how, how.length);
  }
  return fd;
}

function failed(path: string, result: number, syscall: string): HacoError {
  const errno = errnoName(-result);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return new NotFoundError({ what: 'file', subject: path, remedy: 'create it in the root filesystem' });
  }
  return new IoError({ what: 'open', path, errno, hint: hintFor(syscall, errno) });
}

/**
 * Open `path` as a process would whose root is `root`: `..` and absolute links stay inside, magic links are refused.
 *
 * Errors: `not-found`, `io`. The descriptor is close-on-exec and the caller's to close.
 *
 * @param options - `pathOnly`: a descriptor (`O_PATH`) that names what is there without opening it, of a link the link itself
 *
 * @see openat2(2), RESOLVE_IN_ROOT
 */
export function openInRoot(
  root: string,
  path: string,
  { pathOnly = false }: { readonly pathOnly?: boolean } = nothing,
): Result<number, HacoError> {
  const table = openFlags(arch);
  const directory = rawSyscall(
    numbers.openat,
    AT_FDCWD,
    Buffer.from(`${root}\0`),
    flags(table, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC').value,
    0,
  );
  if (directory < 0) return err(failed(root, directory, 'openat'));
  // O_NONBLOCK: a fifo in place of the file must not hang the caller.
  const mode = pathOnly ? flags(table, 'O_PATH', 'O_NOFOLLOW') : flags(table, 'O_RDONLY', 'O_NONBLOCK', 'O_NOCTTY');
  const fd = openBelow({ root: directory, path, flags: mode.value, mode: 0 });
  libc().close(directory);
  return fd < 0 ? err(failed(`${root}${path}`, fd, 'openat2')) : ok(fd);
}
