/** Applying a layer to the directory below it: afterwards that looks as the container saw it. */
import { constants, type Stats } from 'node:fs';
import { chmod, lchown, lutimes, mkdir, open, readlink, rename, symlink, utimes } from 'node:fs/promises';
import { randomHex } from '@haco/sys';
import { aspectsOf } from './difference.js';
import type { Directory, RawName } from './entry.js';
import { HardLinks } from './hard-links.js';
import { isMark, isOpaque, isWhiteout } from './layer-marks.js';
import { removeTree } from './remove-tree.js';
import { listXattrs, makeNode, readXattr, writeXattr } from './xattr.js';

interface Source {
  readonly directory: Directory;
  readonly name: RawName;
  readonly stats: Stats;
}

/** Owner, then mode (a change of owner clears set-user-id), then attributes (it clears capabilities, too). */
async function copyAttributes({ directory, name, stats }: Source, target: Buffer): Promise<void> {
  await lchown(target, stats.uid, stats.gid);
  if (!stats.isSymbolicLink()) await chmod(target, stats.mode & 0o7777);
  const source = directory.at(name);
  for (const each of listXattrs(source)) {
    // Labels of a security module belong to the place, not to the file.
    if (isMark(each) || each === 'security.selinux') continue;
    const value = readXattr(source, each);
    if (value !== undefined) writeXattr(target, each, value);
  }
}

async function copyContent({ directory, name, stats }: Source, target: Buffer): Promise<void> {
  const from = await directory.read(name);
  try {
    const to = await open(
      target,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      const buffer = Buffer.alloc(1 << 20);
      for (;;) {
        const { bytesRead } = await from.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        for (let done = 0; done < bytesRead;) done += (await to.write(buffer, done, bytesRead - done)).bytesWritten;
      }
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  await copyAttributes({ directory, name, stats }, target);
  await utimes(target, stats.atime, stats.mtime);
}

/** Under a name of its own first: whoever looks sees the old file or the whole new one. */
async function replace(source: Source, lower: Directory): Promise<void> {
  const { directory, name, stats } = source;
  const made = `.haco-commit-${randomHex(8)}`;
  const target = lower.at(made);
  try {
    if (stats.isFile()) {
      await copyContent(source, target);
    } else if (stats.isSymbolicLink()) {
      await symlink(Buffer.from(await readlink(directory.at(name), 'latin1'), 'latin1'), target);
      await copyAttributes(source, target);
      await lutimes(target, stats.atime, stats.mtime);
    } else {
      makeNode(target, stats.mode, stats.rdev);
      await copyAttributes(source, target);
    }
    if ((await lower.look(name))?.isDirectory() === true) await removeTree(lower, name);
    await rename(target, lower.at(name));
  } catch (thrown) {
    await removeTree(lower, made).catch(() => undefined);
    throw thrown;
  }
}

/** Where an application of a layer is. */
interface Place {
  readonly links: HardLinks;
  /** From the root of the layer. */
  readonly path: readonly RawName[];
}

async function applyFile(source: Source, lower: Directory, { links, path }: Place): Promise<void> {
  const { name, stats } = source;
  if (links.isKnown(stats) && (await links.join(stats, lower, name))) return;
  const below = await lower.look(name);
  const same =
    below !== undefined &&
    // Other names below belong to another file than those of the layer: the overlay has separated them.
    (stats.nlink === 1 || below.nlink === 1) &&
    (await aspectsOf(source, { directory: lower, name, stats: below })).length === 0;
  if (!same) await replace(source, lower);
  links.remember(stats, path);
}

async function applyDirectory(source: Source, lower: Directory, place: Place): Promise<void> {
  const { directory, name } = source;
  const below = await lower.look(name);
  if (below !== undefined && !below.isDirectory()) await removeTree(lower, name);
  if (below?.isDirectory() !== true) await mkdir(lower.at(name), 0o700);
  const [mine, theirs] = [await directory.enter(name), await lower.enter(name)];
  try {
    if (isOpaque(directory, name)) {
      const kept = new Set(await mine.names());
      for (const each of await theirs.names()) if (!kept.has(each)) await removeTree(theirs, each);
    }
    await applyTo(mine, theirs, place);
  } finally {
    await theirs.close();
    await mine.close();
  }
  // Last: it may take away the right to write in it.
  await copyAttributes(source, lower.at(name));
}

async function applyTo(upper: Directory, lower: Directory, { links, path }: Place): Promise<void> {
  for (const name of await upper.names()) {
    const stats = await upper.look(name);
    if (stats === undefined) continue;
    const source = { directory: upper, name, stats };
    const place = { links, path: [...path, name] };
    if (isWhiteout(upper, name, stats)) {
      await removeTree(lower, name);
    } else if (stats.isDirectory()) {
      await applyDirectory(source, lower, place);
    } else {
      await applyFile(source, lower, place);
    }
  }
}

/** Bring a directory to what the layer says. Doing it again changes nothing, so that what was interrupted can be repeated. */
export async function applyLayer(upper: Directory, lower: Directory): Promise<void> {
  await applyTo(upper, lower, { links: new HardLinks(lower), path: [] });
}
