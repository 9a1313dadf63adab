/**
 * What is known about a root that haco made: a file beside it, `<root>.haco.json`, never inside, where the container could write it. It
 * names the directory by its inode: of a root that was removed and made in another way it says nothing.
 */
import { readFile, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { randomHex } from '@haco/sys';
import * as v from 'valibot';
import type { ImageConfig } from '../image-config.js';
import { errnoOf } from './failure.js';
import { isPartialOf } from './partial.js';

/** What is to be known about a root that hasn't its name yet, in the directory that it is made in. */
const stagedName = 'record.json';

const imageConfigSchema = v.object({
  env: v.record(v.string(), v.string()),
  entrypoint: v.array(v.string()),
  cmd: v.array(v.string()),
  user: v.optional(v.string()),
  workdir: v.optional(v.string()),
  labels: v.record(v.string(), v.string()),
  ports: v.array(v.string()),
  volumes: v.array(v.string()),
  stopSignal: v.optional(v.string()),
});

const recordSchema = v.object({
  version: v.literal(1),
  inode: v.string(),
  /** The image, complete, and the digest of what was unpacked. */
  image: v.optional(v.object({ name: v.string(), digest: v.string(), config: imageConfigSchema })),
  /** Names of the steps of provisioning that have succeeded, with a hash of what each was. */
  provisioned: v.optional(v.record(v.string(), v.string())),
});

/** What one wants to remember. */
export interface RootNotes {
  readonly image?: { readonly name: string; readonly digest: string; readonly config: ImageConfig } | undefined;
  readonly provisioned?: Readonly<Record<string, string>> | undefined;
}

/** Beside the directory itself: a slash at the end of its name would lead inside, and a link is another place than what it leads to. */
async function recordPath(target: string): Promise<string> {
  return `${await ownPath(target)}.haco.json`;
}

const ownPath = (target: string): Promise<string> => realpath(target).catch(() => resolve(target));

/** Empty, when nothing is known about just this directory. */
export async function readRecord(target: string): Promise<RootNotes> {
  const path = await recordPath(target);
  return (await readNotes(path, target)) ?? (await readStaged(target)) ?? {};
}

/** Undefined, when it isn't about just this directory. */
async function readNotes(path: string, target: string): Promise<RootNotes | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { inode, version: _version, ...notes } = v.parse(recordSchema, JSON.parse(text));
    return inode === (await inodeOf(target)) ? notes : undefined;
  } catch {
    // Cut off or of another version: then nothing is known.
    return undefined;
  }
}

/** What a program that was killed after it had given the root its name has left where it made it. */
async function readStaged(target: string): Promise<RootNotes | undefined> {
  const root = await ownPath(target);
  const names = await readdir(dirname(root)).catch(() => []);
  for (const name of names.filter((found) => isPartialOf(basename(root), found))) {
    const notes = await readNotes(join(dirname(root), name, stagedName), root);
    if (notes !== undefined) return notes;
  }
  return undefined;
}

/** Replaces what was known; atomic. */
export async function writeRecord(target: string, notes: RootNotes): Promise<void> {
  const path = await recordPath(target);
  const temporary = `${path}.${randomHex(6)}`;
  try {
    await writeNotes(temporary, target, notes);
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/**
 * Before a root made in `outer` gets its name: its inode stays the same, and a kill between the two leaves nothing unknown. Not at the
 * final place yet, where the slower of two that make the same root would replace what is known of the other's.
 */
export async function stageRecord(outer: string, root: string, notes: RootNotes): Promise<void> {
  await writeNotes(join(outer, stagedName), root, notes);
}

/** When the root has its name. */
export async function publishRecord(outer: string, target: string): Promise<void> {
  await rename(join(outer, stagedName), await recordPath(target));
}

async function writeNotes(path: string, root: string, notes: RootNotes): Promise<void> {
  const record = { version: 1, inode: await inodeOf(root), ...notes };
  await writeFile(path, `${JSON.stringify(record, undefined, 2)}\n`, { flag: 'wx', mode: 0o644 });
}

/** A number that is given again later would lie: so with the time when the directory was made. */
async function inodeOf(target: string): Promise<string> {
  try {
    const { dev, ino, birthtimeNs } = await stat(target, { bigint: true });
    return [dev, ino, birthtimeNs].join(':');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return 'none';
    throw thrown;
  }
}
