/** Blobs by digest, shared by all programs of a user: downloaded once, resumed after a break, whole or not there. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IoError } from '@haco/plan';
import { userCache } from '@haco/sys';
import type { PrepareContext } from '../../strategy.js';
import { cancelled, errnoOf, isHacoError } from '../failure.js';
import { abandonedPartials, partialName } from '../partial.js';
import { type Blob, type Promised, wrongDigest, wrongSize } from './blob.js';
import { fetchFailure } from './fetch-failure.js';
import type { Registry } from './registry.js';

/** Tries in a row that bring not a single byte. */
const fruitlessTries = 5;
const pauseMs = 300;
const stallMs = 60_000;

/** `/var/cache/haco` for root, else `haco` in the user's cache directory. */
export function defaultCache(env: NodeJS.ProcessEnv = process.env): string {
  if (process.geteuid?.() === 0) return '/var/cache/haco';
  return userCache(env);
}

export interface Download extends Pick<PrepareContext, 'signal' | 'onTransfer' | 'onProgress'> {
  readonly cache: string;
  readonly registry: Registry;
  readonly promised: Promised;
  /** The image, for errors. */
  readonly name: string;
}

/** The blob out of the cache, downloaded if need be. The file is the caller's to close. */
export async function cachedBlob(download: Download): Promise<Blob> {
  const { cache, promised, name, signal } = download;
  const directory = join(cache, 'blobs', 'sha256');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, promised.digest.slice('sha256:'.length));
  const known = await openBlob(path);
  if (known !== undefined) {
    if (known.size === promised.size) return known;
    await known.file.close();
    throw wrongSize(name, promised, known.size);
  }
  if (signal?.aborted === true) throw cancelled(name);
  // A program of its own for each: two that want the same blob at once both load it, and the last to finish replaces equal by equal.
  const partial = await adopt(path);
  const file = await open(partial, 'a+', 0o600);
  try {
    await fill(file, download);
    await file.sync();
  } catch (thrown) {
    await file.close();
    await putAside(partial, path, thrown);
    throw thrown;
  }
  await file.close();
  await rename(partial, path);
  const made = await openBlob(path);
  if (made === undefined)
    throw new IoError({ what: 'read', path, errno: 'ENOENT', hint: 'somebody removed it; try again' });
  return made;
}

/** A blob that turned out to be wrong after all, e.g. damaged on disk: the next one downloads it anew. */
export async function dropBlob(cache: string, { digest }: Promised): Promise<void> {
  await rm(join(cache, 'blobs', 'sha256', digest.slice('sha256:'.length)), { force: true });
}

async function openBlob(path: string): Promise<Blob | undefined> {
  try {
    const file = await open(path, 'r');
    return { file, offset: 0, size: (await file.stat()).size };
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** A name for the download: what a failed or killed program has left of it is taken over, by rename(2), so by one only. */
async function adopt(path: string): Promise<string> {
  const own = await partialName(path);
  for (const left of [`${path}.part`, ...(await abandonedPartials(path))]) {
    const taken = await rename(left, own).then(
      () => true,
      () => false,
    );
    if (taken) return own;
  }
  return own;
}

/** What a broken connection left is good for the next try; what has a wrong digest is good for nothing. */
async function putAside(partial: string, path: string, thrown: unknown): Promise<void> {
  const isWrong = isHacoError(thrown) && thrown.kind === 'io' && thrown.what === 'read the image';
  const size = await stat(partial).then(
    (found) => found.size,
    () => 0,
  );
  if (isWrong || size === 0) await rm(partial, { force: true });
  else await rename(partial, `${path}.part`);
}

async function fill(file: FileHandle, download: Download): Promise<void> {
  const { promised, name, signal, onTransfer, onProgress } = download;
  const state = { hash: createHash('sha256'), done: 0 };
  const label = promised.digest.slice(7, 19);
  const tell = () => onTransfer?.({ id: promised.digest, label, done: state.done, total: promised.size });
  const restart = async () => {
    await file.truncate(0);
    state.hash = createHash('sha256');
    state.done = 0;
  };
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>) {
    state.hash.update(chunk);
    state.done += chunk.length;
  }
  if (state.done > promised.size) await restart();
  for (let fruitless = 0; state.done < promised.size;) {
    const before = state.done;
    try {
      await fetchMore(file, download, state, restart, tell);
      if (state.done < promised.size) throw new Error('the registry closed the connection in the middle');
    } catch (thrown) {
      if (signal?.aborted === true) throw cancelled(name);
      if (isHacoError(thrown) || errnoOf(thrown) !== undefined) throw thrown;
      fruitless = state.done > before ? 0 : fruitless + 1;
      if (fruitless >= fruitlessTries) throw fetchFailure(thrown, `${name}, ${promised.digest}`);
      onProgress?.(`${label}: the connection broke after ${String(state.done)} bytes; going on from there`);
      await sleep(pauseMs * 2 ** fruitless, undefined, { signal }).catch(() => {
        throw cancelled(name);
      });
    }
  }
  tell();
  const found = `sha256:${state.hash.digest('hex')}`;
  if (found !== promised.digest) throw wrongDigest(name, promised, found);
}

interface State {
  hash: ReturnType<typeof createHash>;
  done: number;
}

async function fetchMore(
  file: FileHandle,
  { registry, promised, name }: Download,
  state: State,
  restart: () => Promise<void>,
  tell: () => void,
): Promise<void> {
  const stalled = new AbortController();
  const stop = () => {
    stalled.abort(new Error('the registry sent nothing for a minute'));
  };
  let timer = setTimeout(stop, stallMs);
  try {
    const response = await registry.blob(promised.digest, state.done, stalled.signal);
    const begins = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    const goesOn = response.status === 206 && begins === String(state.done);
    if (response.status === 416 || (response.status === 206 && !goesOn)) {
      await response.body?.cancel();
      await restart();
      return;
    }
    // A registry that doesn't know ranges sends the whole again.
    if (!goesOn && state.done > 0) await restart();
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(stop, stallMs);
      const bytes = chunk as Uint8Array;
      if (state.done + bytes.length > promised.size) throw wrongSize(name, promised, state.done + bytes.length);
      state.hash.update(bytes);
      for (let written = 0; written < bytes.length;) {
        written += (await file.write(bytes, written)).bytesWritten;
      }
      state.done += bytes.length;
      tell();
    }
  } finally {
    clearTimeout(timer);
    stalled.abort();
  }
}
