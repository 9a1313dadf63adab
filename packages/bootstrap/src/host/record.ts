/**
 * What is known about a root that haco made: a file beside it, `<root>.haco.json`, never inside, where the container could write it. It
 * names the directory by its inode: of a root that was removed and made in another way it says nothing.
 */
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { randomHex } from '@haco/sys';
import * as v from 'valibot';
import type { ImageConfig } from '../image-config.js';
import { errnoOf } from './failure.js';

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
  return `${await realpath(target).catch(() => resolve(target))}.haco.json`;
}

/** Empty, when nothing is known about just this directory. */
export async function readRecord(target: string): Promise<RootNotes> {
  const text = await readFile(await recordPath(target), 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  try {
    const { inode, version: _version, ...notes } = v.parse(recordSchema, JSON.parse(text));
    return inode === (await inodeOf(target)) ? notes : {};
  } catch {
    // Cut off or of another version: then nothing is known.
    return {};
  }
}

/** Replaces what was known; atomic. */
export async function writeRecord(target: string, notes: RootNotes): Promise<void> {
  const record = { version: 1, inode: await inodeOf(target), ...notes };
  const path = await recordPath(target);
  const temporary = `${path}.${randomHex(6)}`;
  try {
    await writeFile(temporary, `${JSON.stringify(record, undefined, 2)}\n`, { flag: 'wx', mode: 0o644 });
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
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
