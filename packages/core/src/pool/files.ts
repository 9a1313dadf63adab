/** Files of one run: put into the container that waits, before its command comes, and never into what outlives it. */
import { closeSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { err, ok, type Result } from 'neverthrow';
import { InvalidSpecError, IoError, issue, plain, type HacoError } from '@haco/plan';
import { makeDirectories } from '../files/directory.js';
import { checkPath, locate, type FilesRoot } from '../files/root.js';
import { openToWrite, writeAll, type NewFileOptions } from '../files/write.js';

/** A file with who may do what with it. */
export interface PoolFile extends NewFileOptions {
  readonly content: string | Uint8Array;
}

/** Contents by absolute path, as seen inside. */
export type PoolFiles = Readonly<Record<string, string | Uint8Array | PoolFile>>;

/** Of all files of a run together: they are held in memory twice. */
const mostBytes = 64 * 1024 ** 2;

interface Entry extends NewFileOptions {
  readonly path: string;
  readonly content: string | Uint8Array;
}

function entryOf(path: string, given: unknown): Result<Entry, string> {
  const isContent = (value: unknown): value is string | Uint8Array =>
    typeof value === 'string' || value instanceof Uint8Array;
  if (isContent(given)) return ok({ path, content: given });
  const { content, uid, gid, mode, ...rest } = plain(
    typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {},
  );
  if (!isContent(content) || Object.keys(rest).length > 0) {
    return err('must be text, bytes, or { content, uid, gid, mode }');
  }
  for (const [word, id] of Object.entries({ uid, gid })) {
    if (id !== undefined && !(Number.isInteger(id) && (id as number) >= 0 && (id as number) < 4_294_967_295)) {
      return err(`has a ${word} that is no id; ids are 0 to 4294967294`);
    }
  }
  if (mode !== undefined && !(Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) <= 0o7777)) {
    return err('has a mode that is none, e.g. 0o644');
  }
  return ok({ path, content, ...(plain({ uid, gid, mode }) as NewFileOptions) });
}

/** Read what was given; every problem at once. Errors: `invalid-spec`. */
export function readPoolFiles(files: PoolFiles): Result<readonly Entry[], InvalidSpecError> {
  if (typeof files !== 'object' || (files as unknown) === null || Array.isArray(files)) {
    const issues = [issue('pool.files', 'must be an object: contents by absolute path')];
    return err(new InvalidSpecError({ issues }));
  }
  const entries = Object.entries(files).map(([path, given]) => ({
    path,
    read: checkPath(path)
      .mapErr(() => 'must be an absolute path, as seen inside, without NUL')
      .andThen(() => (/(^|\/)\.{0,2}$/.test(path) ? err('must end with a name') : entryOf(path, given))),
  }));
  const issues = entries.flatMap(({ path, read }) =>
    read.isErr() ? [issue(`pool.files[${JSON.stringify(path)}]`, read.error)] : [],
  );
  const list = entries.flatMap(({ read }) => (read.isOk() ? [read.value] : []));
  const bytes = list.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes > mostBytes) issues.push(issue('pool.files', 'have more than 64 MiB; mount them, or send them by stdin'));
  return issues.length > 0 ? err(new InvalidSpecError({ issues })) : ok(list);
}

/** Devices of the filesystems that this process sees mounted, as stat(2) numbers them. */
function devicesOfHost(): ReadonlySet<string> {
  const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  return new Set(lines.map((line) => line.split(' ', 3)[2] ?? ''));
}

function deviceOf(dev: number): string {
  const word = BigInt(dev);
  const major = ((word >> 8n) & 0xfffn) | ((word >> 32n) & 0xffff_f000n);
  const minor = (word & 0xffn) | ((word >> 12n) & 0xffff_ff00n);
  return `${String(major)}:${String(minor)}`;
}

/** tmpfs and overlayfs: what is written to others (procfs, sysfs, cgroups) may be a setting of the host, or of this process. */
const ownTypes: readonly number[] = [0x0102_1994, 0x794c_7630];

/** Whether a path, or its nearest directory that is there, is on a filesystem that ends with the container. */
function endsWithContainer(root: FilesRoot, path: string, shared: ReadonlySet<string>): Result<boolean, HacoError> {
  const found = locate(root, path, { what: 'write' });
  if (found.isErr()) {
    return found.error.kind === 'not-found' && path !== '/'
      ? endsWithContainer(root, dirname(path), shared)
      : err(found.error);
  }
  const { fd, stat } = found.value;
  try {
    const { type } = statfsSync(`/proc/self/fd/${String(fd)}`);
    return ok(ownTypes.includes(type) && !shared.has(deviceOf(stat.dev)));
  } finally {
    closeSync(fd);
  }
}

/** What is there need not be readable for this process. */
function makeParent(root: FilesRoot, path: string): Result<void, HacoError> {
  const found = locate(root, path, { what: 'make the directory' });
  if (found.isErr()) return found.error.kind === 'not-found' ? makeDirectories(root, path, {}) : err(found.error);
  closeSync(found.value.fd);
  return ok();
}

/** Write the files of a run, resolved in the root of its container, and only into filesystems that end with it. */
export async function putFiles(root: FilesRoot, entries: readonly Entry[]): Promise<Result<void, HacoError>> {
  const shared = devicesOfHost();
  for (const { path, content, ...options } of entries) {
    const ends = endsWithContainer(root, path, shared);
    if (ends.isErr()) return err(ends.error);
    if (!ends.value) {
      const hint =
        'it is on no tmpfs and no overlay of the container alone, and would outlive this run; add tmpfs() there, or an overlay';
      return err(new IoError({ what: 'put a file of this run at', path, errno: 'EXDEV', hint }));
    }
    const made = makeParent(root, dirname(path));
    if (made.isErr()) return err(made.error);
    const opened = openToWrite(root, path, { ...options, how: 'replace' });
    if (opened.isErr()) return err(opened.error);
    const written = await writeAll(opened.value, path, content, mostBytes);
    if (written.isErr()) return err(written.error);
  }
  return ok();
}
