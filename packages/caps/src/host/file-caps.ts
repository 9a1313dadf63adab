/** Reading, setting and removing the capabilities of a file. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import {
  InvalidSpecError,
  IoError,
  issue,
  NotFoundError,
  openFlags,
  PermissionError,
  UnsupportedError,
  type HacoError,
  nothing,
} from '@haco/plan';
import { errnoName, hintFor, openInRoot, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, Result } from 'neverthrow';
import { decodeFileCapabilities, encodeFileCapabilities, type FileCapabilities } from '../file-caps.js';
import { capabilityName, type CapabilityInput, type CapabilityName } from '../names.js';

/** How a file is named. */
export interface FileOptions {
  /** Directory in which the path is resolved as if it were `/`: no link leads out of it. For files of root filesystems. */
  readonly root?: string;
}

/** What {@link writeFileCapabilities} takes; names in any spelling. */
export interface FileCapabilitiesInput {
  readonly permitted?: readonly CapabilityInput[];
  readonly inheritable?: readonly CapabilityInput[];
  /** Effective at once; default: true. */
  readonly effective?: boolean;
  /** User of the host that is root of the user namespaces in which they count; default: they count everywhere. */
  readonly rootId?: number;
}

const attribute = Buffer.from('security.capability\0');
/** Larger than any revision of the format. */
const valueSize = 64;

function unsupported(): HacoError {
  return new UnsupportedError({
    feature: 'file capabilities',
    neededFor: 'capabilities of a file',
    since: 'Linux on x64 or arm64',
    remedy: 'run it there',
  });
}

function opened(path: string, { root }: FileOptions): Result<number, HacoError> {
  const { arch } = process;
  if (process.platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return err(unsupported());
  if (root !== undefined) return openInRoot(root, path, { pathOnly: true });
  try {
    // O_PATH: nothing happens to what is no regular file after all, a device or a fifo.
    return ok(openSync(path, openFlags(arch).O_PATH | constants.O_NOFOLLOW));
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      return err(new NotFoundError({ what: 'file', subject: path, remedy: 'give the path of an existing file' }));
    }
    return err(new IoError({ what: 'open', path, errno, hint: hintFor('openat', errno) }));
  }
}

/** Do something with a regular file that is held by descriptor, so that it can't become another one meanwhile. */
function withFile<T>(
  path: string,
  options: FileOptions,
  use: (magicLink: Buffer) => Result<T, HacoError>,
): Result<T, HacoError> {
  return opened(path, options).andThen((fd) => {
    try {
      const what = fstatSync(fd);
      if (what.isFile()) return use(Buffer.from(`/proc/self/fd/${String(fd)}\0`));
      const hint = what.isSymbolicLink()
        ? 'it is a symbolic link, which is not followed; give the path of the file itself'
        : 'only regular files have capabilities';
      return err(new IoError({ what: 'use the capabilities of', path, errno: '', hint }));
    } finally {
      closeSync(fd);
    }
  });
}

const numbers = (): (typeof syscallNumbers)['x64' | 'arm64'] =>
  syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];

const what = { getxattr: 'read', setxattr: 'set', removexattr: 'remove' } as const;

function refused(path: string, call: keyof typeof what, result: number): HacoError {
  const errno = errnoName(-result);
  const tried = `${what[call]} the capabilities of`;
  if (errno === 'EPERM') {
    return new PermissionError({
      what: `${tried} ${path}`,
      missing: 'that takes CAP_SETFCAP over the file, and a file system of this user namespace',
      remedy: 'run it as root',
    });
  }
  const hints: Readonly<Record<string, string>> = {
    EOPNOTSUPP: 'its file system keeps no such attributes; use one that does, e.g. ext4, xfs, btrfs or tmpfs',
    EOVERFLOW: "they belong to a user namespace whose root isn't mapped here; read them from the host",
    EINVAL: "the user of rootId isn't mapped in this user namespace; give one that is",
    ENOENT: 'there is no /proc, by which the open file is named; mount it',
  };
  return new IoError({ what: tried, path, errno, hint: hints[errno] ?? hintFor(call, errno) });
}

/**
 * The capabilities of a file; undefined when it has none. The last part of the path isn't followed when it is a link.
 *
 * Errors: `not-found`; `io`, when it is no regular file or the attribute makes no sense.
 *
 * @example
 * ```ts
 * import { readFileCapabilities } from '@haco/caps';
 * readFileCapabilities('/usr/bin/ping'); // ok({ permitted: ['net_raw'], inheritable: [], effective: true })
 * ```
 *
 * @see capabilities(7), "File capabilities"; getcap(8) shows the same
 */
export function readFileCapabilities(
  path: string,
  options: FileOptions = nothing,
): Result<FileCapabilities | undefined, HacoError> {
  return withFile(path, options, (file) => {
    const value = Buffer.alloc(valueSize);
    const size = rawSyscall(numbers().getxattr, file, attribute, value, value.length);
    if (size < 0) return errnoName(-size) === 'ENODATA' ? ok(undefined) : err(refused(path, 'getxattr', size));
    return decodeFileCapabilities(value.subarray(0, size)).mapErr(
      (problem) => new IoError({ what: 'read the capabilities of', path, errno: '', hint: `the attribute ${problem}` }),
    );
  });
}

function names(inputs: readonly unknown[], field: string): Result<readonly CapabilityName[], HacoError> {
  const found = inputs.map(capabilityName);
  const issues = found.flatMap((name, index) =>
    name === undefined
      ? [issue(`${field}[${String(index)}]`, `${JSON.stringify(inputs[index])} is no capability; see capabilities(7)`)]
      : [],
  );
  return issues.length === 0 ? ok(found.filter((name) => name !== undefined)) : err(new InvalidSpecError({ issues }));
}

/**
 * Give a file exactly these capabilities. The kernel writes revision 2 of the format, and revision 3 where `rootId` is given or
 * the caller is root of a user namespace only. A later change of the file's content or owner removes them.
 *
 * Errors: `invalid-spec`; `not-found`; `permission`, without CAP_SETFCAP; `io`, when it is no regular file or its file system has
 * no such attributes.
 *
 * @example
 * ```ts
 * import { writeFileCapabilities } from '@haco/caps';
 * writeFileCapabilities('/usr/bin/ping', { permitted: ['net_raw'] }, { root: '/srv/root' });
 * ```
 *
 * @see setcap(8)
 */
export function writeFileCapabilities(
  path: string,
  caps: FileCapabilitiesInput,
  options: FileOptions = nothing,
): Result<void, HacoError> {
  const { permitted = [], inheritable = [], effective = true, rootId } = caps;
  // (uid_t) -1 is nobody.
  const isId = rootId === undefined || (Number.isSafeInteger(rootId) && rootId >= 0 && rootId < 0xffff_ffff);
  if (!isId) {
    const issues = [issue('rootId', `${String(rootId)} is not an id; ids are 0 to 4294967294`)];
    return err(new InvalidSpecError({ issues }));
  }
  return Result.combine([names(permitted, 'permitted'), names(inheritable, 'inheritable')]).andThen(
    ([given = [], passed = []]) =>
      withFile(path, options, (file) => {
        const fields = { permitted: given, inheritable: passed, effective };
        const value = encodeFileCapabilities(rootId === undefined ? fields : { ...fields, rootId });
        const result = rawSyscall(numbers().setxattr, file, attribute, value, value.length, 0);
        return result < 0 ? err(refused(path, 'setxattr', result)) : ok();
      }),
  );
}

/**
 * Take all capabilities from a file; one that has none stays as it is.
 *
 * Errors: as {@link writeFileCapabilities}.
 *
 * @see setcap(8), `-r`
 */
export function removeFileCapabilities(path: string, options: FileOptions = nothing): Result<void, HacoError> {
  return withFile(path, options, (file) => {
    const result = rawSyscall(numbers().removexattr, file, attribute);
    return result < 0 && errnoName(-result) !== 'ENODATA' ? err(refused(path, 'removexattr', result)) : ok();
  });
}
