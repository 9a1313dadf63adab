/** Reads an archive entry by entry, within a budget, and makes sure that it is whole. */
import type { Hash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type IoError, quote } from '@haco/plan';
import type { Budget } from './budget.js';
import { type Entry, readEntry, shownName } from './entry.js';
import { cancelled, errnoOf, isHacoError } from './failure.js';
import { type Body, type OnEntry, tarReader } from './tar-reader.js';

export interface Feeding {
  /** The uncompressed archive. */
  readonly input: Readable;
  readonly budget: Budget;
  /** An error about this archive. */
  readonly refuse: (hint: string) => IoError;
  /** What is being made, for the error of a cancellation. */
  readonly target: string;
  readonly signal: AbortSignal | undefined;
  readonly report: ((line: string) => void) | undefined;
  /** Takes one entry; a body that isn't read is skipped. */
  readonly take: (entry: Entry, body: Body) => Promise<void>;
  /** Is given every byte of the uncompressed archive. */
  readonly hash?: Hash;
  /** Layers of images: some builders leave the mark at the end of the archive out when a layer is empty. */
  readonly mayBeEmpty?: boolean;
}

/** Rejects when the archive is broken, hostile, or beyond its budget. */
export async function feed(feeding: Feeding): Promise<void> {
  const { input, budget, refuse, target, signal, report, take } = feeding;
  const meter = measure(feeding);
  const one: OnEntry = async (header, body) => {
    budget.addEntry(refuse);
    const entry = readEntry(header).match(
      (read) => read,
      (problem) => {
        throw refuse(`its entry ${quote(shownName(header))} ${problem}`);
      },
    );
    reportLost(entry, report);
    await take(entry, body);
    body.resume();
  };
  const tar = tarReader(one);
  try {
    await pipeline(input, meter.stream, tar.stream, signal === undefined ? {} : { signal });
    await tar.settled();
    if (meter.isEmpty() && feeding.mayBeEmpty === true) return;
    if (!meter.endsInZeros()) throw refuse('it ends without its end-of-archive mark, so it is probably cut off');
  } catch (thrown) {
    // Also when cancelled: the entry that is being worked on must end before the tree's descriptors are closed and reused.
    const cause = await firstCause(thrown, tar.settled);
    throw signal?.aborted === true ? cancelled(target) : cause;
  }
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

function reportLost({ lost, shown }: Entry, report: ((line: string) => void) | undefined): void {
  if (lost.length === 0) return;
  report?.(`${shown}: these attributes are in a form that is not understood, and left out: ${lost.join(', ')}`);
}

function measure({ budget, refuse, hash }: Feeding) {
  let total = 0;
  let zeros = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      const tail = trailingZeros(chunk);
      zeros = tail === chunk.length ? zeros + tail : tail;
      hash?.update(chunk);
      const problem = budget.addBytes(chunk.length, refuse);
      if (problem === undefined) done(null, chunk);
      else done(problem);
    },
  });
  return { stream, isEmpty: () => total === 0, endsInZeros: () => zeros >= 1024 && total % 512 === 0 };
}

function trailingZeros(chunk: Buffer): number {
  let index = chunk.length;
  while (index > 0 && chunk[index - 1] === 0) index -= 1;
  return chunk.length - index;
}
