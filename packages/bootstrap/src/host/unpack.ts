/** Unpacks an archive that nobody vouches for into an empty directory. */
import process from 'node:process';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatBytes, IoError, quote } from '@haco/plan';
import type { PrepareContext } from '../strategy.js';
import { type Entry, readEntry, shownName } from './entry.js';
import { cancelled, errnoOf, isHacoError } from './failure.js';
import { type OnEntry, tarReader } from './tar-reader.js';
import { Tree } from './tree.js';

/** What to unpack and where. */
export interface Unpacking extends PrepareContext {
  /** The uncompressed archive. */
  readonly input: Readable;
  /** An empty directory that nobody else writes to. */
  readonly root: string;
  /** How the root will be called, for errors. */
  readonly target: string;
  /** Path of the archive, for errors. */
  readonly archive: string;
  readonly limits: { readonly bytes: number; readonly entries: number };
}

/** Far beyond any system, well below a disk. */
export const defaultLimits = { bytes: 32 * 1024 ** 3, entries: 1_000_000 };

/** Rejects, with the directory half filled, when the archive is broken, hostile, or too large. */
export async function unpack({ input, root, target, archive, limits, signal, onProgress }: Unpacking): Promise<void> {
  const refuse = (hint: string) => new IoError({ what: 'unpack', path: archive, errno: '', hint });
  const counter = countBytes(limits.bytes, refuse);
  const isRoot = process.geteuid?.() === 0;
  const tree = Tree.open(root, { isRoot, target, refuse, signal, report: onProgress });
  let entries = 0;
  const one: OnEntry = async (header, body) => {
    entries += 1;
    if (entries > limits.entries) {
      throw refuse(`it has more than ${String(limits.entries)} entries; raise limits.entries if you trust it`);
    }
    const entry = readEntry(header).match(
      (read) => read,
      (problem) => {
        throw refuse(`its entry ${quote(shownName(header))} ${problem}`);
      },
    );
    reportLost(entry, onProgress);
    await tree.add(entry, body);
    body.resume();
  };
  const tar = tarReader(one);
  try {
    await pipeline(input, counter.stream, tar.stream, signal === undefined ? {} : { signal });
    await tar.settled();
    if (entries === 0) throw refuse('it has no entries');
    if (!counter.endsInZeros()) throw refuse('it ends without its end-of-archive mark, so it is probably cut off');
    await tree.finish();
  } catch (thrown) {
    // Also when cancelled: the entry that is being worked on must end before the tree's descriptors are closed and reused.
    const cause = await firstCause(thrown, tar.settled);
    throw signal?.aborted === true ? cancelled(target) : cause;
  } finally {
    tree.close();
  }
  onProgress?.(`unpacked ${String(entries)} entries, ${formatBytes(counter.total())}`);
}

/** A failed entry ends the stream and a failed stream ends the entry: the one that knows a reason is the cause. */
async function firstCause(ofStream: unknown, settled: () => Promise<void>): Promise<unknown> {
  const isReason = (thrown: unknown) => isHacoError(thrown) || errnoOf(thrown) !== undefined;
  const ofEntry = await settled().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isReason(ofEntry) && !isReason(ofStream) ? ofEntry : ofStream;
}

function reportLost(entry: Entry, report: ((line: string) => void) | undefined): void {
  if (entry.attributes.length === 0) return;
  report?.(`${entry.shown}: extended attributes are not kept: ${entry.attributes.join(', ')}`);
}

function countBytes(limit: number, refuse: (hint: string) => IoError) {
  let total = 0;
  let zeros = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      const tail = trailingZeros(chunk);
      zeros = tail === chunk.length ? zeros + tail : tail;
      if (total > limit)
        done(refuse(`it unpacks to more than ${formatBytes(limit)}; raise limits.size if you trust it`));
      else done(null, chunk);
    },
  });
  return { stream, total: () => total, endsInZeros: () => zeros >= 1024 && total % 512 === 0 };
}

function trailingZeros(chunk: Buffer): number {
  let index = chunk.length;
  while (index > 0 && chunk[index - 1] === 0) index -= 1;
  return chunk.length - index;
}
