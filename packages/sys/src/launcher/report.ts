/** What the launcher wrote about a start: read out of the shared memory, in terms of the plan. */
import { readSync } from 'node:fs';
import type { Operation, Step } from '@haco/plan';
import type { EncodedPlan } from '../codec/encode.js';
import { report as at, reportRefused, reportSize, states } from '../codec/wire.js';
import { errnoName } from '../errno.js';

/** The operation that failed, and how. */
export interface StepFailure {
  readonly step: Step;
  readonly operation: Operation;
  /** Errno name. */
  readonly errno: string;
}

/** How long a step took. */
export interface StepTime {
  /** Id of the step. */
  readonly step: string;
  /** Milliseconds since the step before it in the same process ended. */
  readonly ms: number;
}

/** The fixed part of a report. */
export interface Report {
  readonly state: 'started' | 'cloned' | 'running' | 'ended';
  /** Pid of the container's first process; 0 before the clone. */
  readonly childPid: number;
  readonly failure?: StepFailure;
  readonly undoFailure?: StepFailure;
  /** Raw wait status of the command, when an init stands between. */
  readonly initStatus?: number;
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly startedNs: number;
  readonly runningNs: number;
}

const stateNames = Object.fromEntries(Object.entries(states).map(([name, number]) => [number, name])) as Readonly<
  Record<number, Report['state']>
>;

function failureAt(encoded: EncodedPlan, index: number, error: number): StepFailure | undefined {
  if (index === 0 || index === reportRefused) return undefined;
  const origin = encoded.origins[index - 1];
  return origin === undefined ? undefined : { ...origin, errno: errnoName(error) };
}

/** 64 bits whose value fits a double; a BigInt would cost more, and this is on the path of every run. */
function long(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 0x1_0000_0000;
}

function decode(bytes: Buffer, encoded: EncodedPlan): Report {
  const failure = failureAt(encoded, bytes.readUInt32LE(at.failed), bytes.readInt32LE(at.error));
  const undoFailure = failureAt(encoded, bytes.readUInt32LE(at.undoFailed), bytes.readInt32LE(at.undoError));
  return {
    state: stateNames[bytes.readUInt32LE(at.state)] ?? 'started',
    childPid: bytes.readInt32LE(at.child),
    ...(failure === undefined ? {} : { failure }),
    ...(undoFailure === undefined ? {} : { undoFailure }),
    ...(bytes.readUInt32LE(at.initDone) === 0 ? {} : { initStatus: bytes.readInt32LE(at.initStatus) }),
    startedNs: long(bytes, at.startedNs),
    runningNs: long(bytes, at.runningNs),
  };
}

/** One for all reads, which are synchronous. */
let buffer = Buffer.alloc(4096);

function readFrom(fd: number, offset: number, length: number): Buffer {
  if (buffer.length < length) buffer = Buffer.alloc(length);
  readSync(fd, buffer, 0, length, offset);
  return buffer;
}

/**
 * Which operation failed, by its place among {@link EncodedPlan.origins}, for whoever has only the memory.
 *
 * @param fd - the plan's memory file
 */
export function readFailure(
  fd: number,
  reportOffset: number,
): { readonly operation: number; readonly errno: string } | undefined {
  const bytes = readFrom(fd, reportOffset, reportSize);
  const failed = bytes.readUInt32LE(at.failed);
  if (failed === 0 || failed === reportRefused) return undefined;
  return { operation: failed - 1, errno: errnoName(bytes.readInt32LE(at.error)) };
}

/** Read the fixed part. `fd` is the plan's memory file. */
export function readReport(fd: number, encoded: EncodedPlan): Report {
  return decode(readFrom(fd, encoded.reportOffset, reportSize), encoded);
}

/** Times of the steps that were done, in the order in which they ended. */
function stepTimes(times: Buffer, from: number, { steps }: EncodedPlan, startedNs: number): readonly StepTime[] {
  const done: StepTime[] = [];
  let last = startedNs;
  let at = from;
  for (const { id, phase } of steps) {
    const ns = long(times, at);
    at += 8;
    // The exec replaces the process that would have written its time.
    if (ns === 0 || phase === 'undo') continue;
    // Steps of two processes may end in another order than they are listed in.
    if (ns < last) return sortedStepTimes(times, from, steps, startedNs);
    done.push({ step: id, ms: (ns - last) / 1e6 });
    last = ns;
  }
  return done;
}

function sortedStepTimes(
  times: Buffer,
  from: number,
  steps: EncodedPlan['steps'],
  startedNs: number,
): readonly StepTime[] {
  const done = steps
    .map(({ id, phase }, index) => ({ step: id, phase, ns: long(times, from + index * 8) }))
    .filter(({ phase, ns }) => ns !== 0 && phase !== 'undo')
    .sort((a, b) => a.ns - b.ns);
  return done.map(({ step, ns }, index) => ({ step, ms: (ns - (done[index - 1]?.ns ?? startedNs)) / 1e6 }));
}

/** The named out buffers in bytes that were read from this offset on. */
function outsIn(bytes: Buffer, from: number, { outs }: EncodedPlan): ReadonlyMap<string, Buffer> {
  const named = new Map<string, Buffer>();
  for (const [name, { offset, size }] of outs) named.set(name, bytes.subarray(offset - from, offset - from + size));
  return named;
}

/** The bytes of all named out buffers: they lie together, before the report, and one read costs less than one for each. */
export function readOuts(fd: number, encoded: EncodedPlan): ReadonlyMap<string, Buffer> {
  if (encoded.outs.size === 0) return new Map();
  const all = Buffer.alloc(encoded.reportOffset - encoded.sharedOffset);
  readSync(fd, all, 0, all.length, encoded.sharedOffset);
  return outsIn(all, encoded.sharedOffset, encoded);
}

/** Where the time of the last step before the exec stands; the container's process itself notes it. */
function execAt({ steps }: EncodedPlan): number {
  return Math.max(0, steps.findLastIndex(({ phase }) => phase === 'exec') - 1) * 8;
}

/**
 * When the steps before the exec were done, CLOCK_MONOTONIC in nanoseconds, 0 before that: all that is known of an exec which
 * nobody watches, unless the report tells that it failed.
 */
export function readExecNs(fd: number, encoded: EncodedPlan): number {
  return long(readFrom(fd, encoded.reportOffset + reportSize + execAt(encoded), 8), 0);
}

/** Everything that the memory holds when nobody writes to it any more, in one read. */
export function readLast(
  fd: number,
  encoded: EncodedPlan,
): {
  readonly report: Report;
  readonly outs: ReadonlyMap<string, Buffer>;
  readonly steps: readonly StepTime[];
} {
  const { sharedOffset, reportOffset } = encoded;
  const at = reportOffset - sharedOffset;
  // Its own: the outs stay with the outcome.
  const bytes = Buffer.alloc(at + reportSize + encoded.steps.length * 8);
  readSync(fd, bytes, 0, bytes.length, sharedOffset);
  const fixed = bytes.subarray(at);
  const report = decode(fixed, encoded);
  return {
    report,
    outs: outsIn(bytes, sharedOffset, encoded),
    steps: stepTimes(fixed, reportSize, encoded, report.startedNs),
  };
}

/** What is known of a start in one read: the report, the moment before the exec, and the times of its steps. */
export function readAlone(
  fd: number,
  encoded: EncodedPlan,
): { readonly report: Report; readonly execNs: number; readonly steps: readonly StepTime[] } {
  const bytes = readFrom(fd, encoded.reportOffset, reportSize + encoded.steps.length * 8);
  const report = decode(bytes, encoded);
  return {
    report,
    execNs: long(bytes, reportSize + execAt(encoded)),
    steps: stepTimes(bytes, reportSize, encoded, report.startedNs),
  };
}
