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

const buffer = Buffer.alloc(reportSize);

/** Read the fixed part. `fd` is the plan's memory file. */
export function readReport(fd: number, encoded: EncodedPlan): Report {
  readSync(fd, buffer, 0, reportSize, encoded.reportOffset);
  const failure = failureAt(encoded, buffer.readUInt32LE(at.failed), buffer.readInt32LE(at.error));
  const undoFailure = failureAt(encoded, buffer.readUInt32LE(at.undoFailed), buffer.readInt32LE(at.undoError));
  return {
    state: stateNames[buffer.readUInt32LE(at.state)] ?? 'started',
    childPid: buffer.readInt32LE(at.child),
    ...(failure === undefined ? {} : { failure }),
    ...(undoFailure === undefined ? {} : { undoFailure }),
    ...(buffer.readUInt32LE(at.initDone) === 0 ? {} : { initStatus: buffer.readInt32LE(at.initStatus) }),
    startedNs: Number(buffer.readBigUInt64LE(at.startedNs)),
    runningNs: Number(buffer.readBigUInt64LE(at.runningNs)),
  };
}

/** Times of the steps that were done, in the order in which they ended. */
export function readStepTimes(fd: number, encoded: EncodedPlan, startedNs: number): readonly StepTime[] {
  const count = encoded.steps.length;
  const times = Buffer.alloc(count * 8);
  readSync(fd, times, 0, times.length, encoded.reportOffset + reportSize);
  const done: { step: string; at: number }[] = [];
  encoded.steps.forEach((step, index) => {
    const ns = Number(times.readBigUInt64LE(index * 8));
    // The exec replaces the process that would have written its time.
    if (ns !== 0 && step.phase !== 'undo') done.push({ step: step.id, at: ns });
  });
  done.sort((a, b) => a.at - b.at);
  let last = startedNs;
  return done.map(({ step, at: ns }) => {
    const ms = (ns - last) / 1e6;
    last = ns;
    return { step, ms };
  });
}

/** The bytes of all named out buffers. */
export function readOuts(fd: number, encoded: EncodedPlan): ReadonlyMap<string, Buffer> {
  const outs = new Map<string, Buffer>();
  for (const [name, { offset, size }] of encoded.outs) {
    const bytes = Buffer.alloc(size);
    readSync(fd, bytes, 0, size, offset);
    outs.set(name, bytes);
  }
  return outs;
}

const execBuffer = Buffer.alloc(8);

/**
 * When the steps before the exec were done, CLOCK_MONOTONIC in nanoseconds, 0 before that: all that is known of an exec which
 * nobody watches, unless the report tells that it failed.
 */
export function readExecNs(fd: number, encoded: EncodedPlan): number {
  const before = encoded.steps.findLastIndex(({ phase }) => phase !== 'exec');
  readSync(fd, execBuffer, 0, 8, encoded.reportOffset + reportSize + before * 8);
  return Number(execBuffer.readBigUInt64LE(0));
}
