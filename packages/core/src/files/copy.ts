/** Copying between the host and a container: files, directories and links, nothing else, and no link is followed on either side. */
import { constants, closeSync, createReadStream, fstatSync, type Stats } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readlink, symlink, unlink, type FileHandle } from 'node:fs/promises';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { errnoName } from '@haco/sys';
import { makingAsOwner } from './as-owner.js';
import { giveLink, linkAt, openEntry, readLink } from './calls.js';
import { deepest, makeDirectory, namesIn, openDirectory, tooMany } from './directory.js';
import { inParent } from './parent.js';
import { outside } from './owner.js';
import { tooLarge } from './read.js';
import { fileError, locate, nodeError, reopen, typeOf, type FilesRoot, type Found } from './root.js';
import { O_PATH } from '../o-path.js';
import { exists, openToWrite, writeAll, type NewFileOptions } from './write.js';

/** Bounds of a copy. */
export interface CopyLimits {
  /** Bytes of all files together. */
  readonly bytes: number;
  readonly entries: number;
}

/** What was copied. */
export interface CopyReport {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  readonly bytes: number;
  /** Paths of devices, fifos and sockets, which are left out. */
  readonly skipped: readonly string[];
}

/** What is copied, by the name of its count. */
type CopiedKind = 'files' | 'directories' | 'links';

const copiedKinds: Readonly<Partial<Record<string, CopiedKind>>> = {
  file: 'files',
  directory: 'directories',
  link: 'links',
};

/** Nothing for devices, fifos and sockets. */
const kindOf = (stat: Stats): CopiedKind | undefined => copiedKinds[typeOf(stat)];

class Tally {
  files = 0;
  directories = 0;
  links = 0;
  bytes = 0;
  readonly skipped: string[] = [];

  constructor(
    private readonly limits: CopyLimits,
    private readonly what: string,
    private readonly path: string,
  ) {}

  get left(): number {
    return this.limits.bytes - this.bytes;
  }

  /** Count one more, before anything is done with it: what is left out is kept by its path. */
  add(kind: CopiedKind | undefined, path: string): Result<void, HacoError> {
    const count = this.files + this.directories + this.links + this.skipped.length;
    if (count >= this.limits.entries) return err(tooMany(this.path, this.limits.entries));
    if (kind === undefined) this.skipped.push(path);
    else this[kind] += 1;
    return ok();
  }

  /** Errors of a file that has more than what is left speak of the whole. */
  whole(error: HacoError): HacoError {
    return error.kind === 'io' && error.errno === 'EFBIG' ? tooLarge(this.what, this.path, this.limits.bytes) : error;
  }

  report(): CopyReport {
    const { files, directories, links, bytes, skipped } = this;
    return { files, directories, links, bytes, skipped };
  }
}

const permissions = (stat: Stats): number => stat.mode & 0o777;

async function inOne(
  root: FilesRoot,
  source: string,
  target: string,
  owner: NewFileOptions,
  tally: Tally,
): Promise<Result<void, HacoError>> {
  const stat = await lstat(source);
  const kind = kindOf(stat);
  const counted = tally.add(kind, source);
  if (counted.isErr() || kind === undefined) return counted;
  if (kind === 'directories') {
    const made = makeDirectory(root, target, { mode: permissions(stat), ...owner });
    // Into a directory that is there, what is new is put beside what it has.
    if (made.isErr() && made.error.kind !== 'conflict') return made;
    const there = openDirectory(root, target, 'copy to');
    if (there.isErr()) return err(there.error);
    closeSync(there.value);
    for (const name of await readdir(source)) {
      const copied = await inOne(root, `${source}/${name}`, `${target}/${name}`, owner, tally);
      if (copied.isErr()) return copied;
    }
    return ok();
  }
  if (kind === 'links') {
    const leads = await readlink(source);
    return inParent(root, target, 'copy to', (parent, name) => {
      const made = makingAsOwner(parent, () => linkAt(leads, parent, name));
      if (errnoName(-made) === 'EEXIST') return err(exists(target));
      if (made < 0) return err(fileError('copy to', target, errnoName(-made), 'symlinkat'));
      // Links have no permissions; whose one is matters to those who count or tidy up.
      const owners = root.owners();
      const uid = owners === undefined ? owner.uid : outside(owners.uid, owner.uid ?? 0);
      const gid = owners === undefined ? owner.gid : outside(owners.gid, owner.gid ?? 0);
      giveLink(parent, name, uid ?? -1, gid ?? -1);
      return ok();
    });
  }
  const fd = openToWrite(root, target, { how: 'replace', mode: permissions(stat), ...owner });
  if (fd.isErr()) return err(fd.error);
  const stream = createReadStream(source, { flags: constants.O_RDONLY | constants.O_NOFOLLOW } as never);
  const written = await writeAll(fd.value, target, stream, tally.left);
  stream.destroy();
  return written.mapErr((error) => tally.whole(error)).map((bytes) => void (tally.bytes += bytes));
}

/** Copy from the host into the container. */
export async function copyIn(
  root: FilesRoot,
  source: string,
  target: string,
  owner: NewFileOptions,
  limits: CopyLimits,
): Promise<Result<CopyReport, HacoError>> {
  const tally = new Tally(limits, 'copy', source);
  try {
    return (await inOne(root, source, target, owner, tally)).map(() => tally.report());
  } catch (error) {
    return err(nodeError('copy', source, error));
  }
}

async function outFile(found: Found, path: string, target: Buffer, tally: Tally): Promise<Result<void, HacoError>> {
  // What it says of itself is enough to refuse it: of a sparse one, nothing may be there.
  if (found.stat.size > tally.left) return err(tally.whole(tooLarge('copy', path, 0)));
  const opened = reopen(found, path, 'copy', constants.O_RDONLY);
  if (opened.isErr()) return err(opened.error);
  const stream = createReadStream('', { fd: opened.value });
  let file: FileHandle | undefined;
  let isWhole = false;
  try {
    // New, and not through a link: what the container has may change while it is copied.
    file = await open(target, 'wx', 0o600);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      tally.bytes += chunk.length;
      if (tally.left < 0) return err(tally.whole(tooLarge('copy', path, 0)));
      await file.writeFile(chunk);
    }
    // Set-uid of a container's file would be set-uid of the caller's.
    await file.chmod(permissions(found.stat));
    isWhole = true;
    return ok();
  } finally {
    stream.destroy();
    // Half a file would pass for the whole. That it can't be removed is no reason to say less of why it is half.
    if (file !== undefined && !isWhole) await unlink(target).catch(() => undefined);
    await file?.close();
  }
}

async function outDirectory(
  found: Found,
  path: string,
  target: Buffer,
  tally: Tally,
  depth: number,
): Promise<Result<void, HacoError>> {
  if (depth > deepest) {
    const hint = `its directories are nested more than ${String(deepest)} deep; pack it by exec()`;
    return err(new IoError({ what: 'copy', path, errno: 'ELOOP', hint }));
  }
  const opened = reopen(found, path, 'copy', constants.O_RDONLY | constants.O_DIRECTORY);
  if (opened.isErr()) return err(opened.error);
  const directory = opened.value;
  try {
    await mkdir(target, 0o700);
    const names = await namesIn(directory, path, tally.left === 0 ? 0 : Infinity);
    if (names.isErr()) return err(names.error);
    for (const name of names.value) {
      const inner = `${path === '/' ? '' : path}/${name.toString()}`;
      const fd = openEntry(directory, name, O_PATH | constants.O_NOFOLLOW, { sameMount: false });
      // It has gone meanwhile.
      if (fd < 0) continue;
      const to = Buffer.concat([target, Buffer.from('/'), name]);
      try {
        const copied = await outOne({ fd, stat: fstatSync(fd) }, inner, to, tally, depth + 1);
        if (copied.isErr()) return copied;
      } finally {
        closeSync(fd);
      }
    }
    await chmod(target, permissions(found.stat) | 0o700);
    return ok();
  } finally {
    closeSync(directory);
  }
}

async function outOne(
  found: Found,
  path: string,
  target: Buffer,
  tally: Tally,
  depth: number,
): Promise<Result<void, HacoError>> {
  const kind = kindOf(found.stat);
  const counted = tally.add(kind, path);
  if (counted.isErr() || kind === undefined) return counted;
  if (kind === 'files') return outFile(found, path, target, tally);
  if (kind === 'directories') return outDirectory(found, path, target, tally, depth);
  const leads = readLink(found.fd);
  if (leads !== undefined) await symlink(leads, target);
  return ok();
}

/** Copy out of the container, to a name on the host that is not there yet. */
export async function copyOut(
  root: FilesRoot,
  source: string,
  target: string,
  limits: CopyLimits,
): Promise<Result<CopyReport, HacoError>> {
  const found = locate(root, source, { what: 'copy', follow: false });
  if (found.isErr()) return err(found.error);
  const tally = new Tally(limits, 'copy', source);
  try {
    return (await outOne(found.value, source, Buffer.from(target), tally, 0)).map(() => tally.report());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return err(exists(target));
    return err(nodeError('copy to', target, error));
  } finally {
    closeSync(found.value.fd);
  }
}
