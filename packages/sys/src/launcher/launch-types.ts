/** What a start is given, and what is known of it. */
import type { Result } from 'neverthrow';
import type { BarrierOperation, HacoError } from '@haco/plan';
import type { EncodedPlan } from '../codec/encode.js';
import type { ProcessEnd } from '../exit/wait.js';
import type { Patch } from './plan-file.js';
import type { StepFailure, StepTime } from './report.js';

/** What `launch()` needs. */
export interface LaunchRequest {
  readonly encoded: EncodedPlan;
  /** What is different in this start. */
  readonly patches?: readonly Patch[];
  /** Descriptors that become 0, 1 and 2; they stay the caller's, who closes them after the call. */
  readonly stdio: readonly [number, number, number];
  /** Descriptors by the names that the plan uses, in the order that it was encoded with. */
  readonly passed?: readonly number[];
  /** Called when the launcher waits; the start goes on when the promise gives ok. */
  readonly onBarrier?: (barrier: BarrierOperation, childPid: number) => Promise<Result<void, HacoError>>;
  /** Somebody else waits for its end, who becomes its parent when this process ends: {@link Launch.ended} never settles. */
  readonly outlives?: boolean;
  /** Nobody waits for the moment when the command runs: {@link Launch.started} may settle as late as the end. */
  readonly untilEnd?: boolean;
  /** What `announceStart()` gave for this start; 0 and `undefined`: it wasn't announced. */
  readonly announced?: number;
}

/** A container whose command runs. */
export interface Running {
  /** Pid of the container's first process, as Node sees it. */
  readonly pid: number;
  /** From the launcher's first moment to the exec, in milliseconds. */
  readonly startMs: number;
}

/** A start that failed: which step, and the error without any knowledge of the part that made the step. */
export interface LaunchFailure {
  readonly error: HacoError;
  readonly failure?: StepFailure;
}

/** The end of a container, after everything of it was undone. */
export interface LaunchEnd extends ProcessEnd {
  /** Bytes of the out buffers that the plan filled, by name. */
  readonly outs: ReadonlyMap<string, Buffer>;
  readonly steps: readonly StepTime[];
  /** The first thing that could not be undone. */
  readonly undoFailure?: StepFailure;
}

/** A start that is under way. */
export interface Launch {
  readonly started: Promise<Result<Running, LaunchFailure>>;
  /** Never settles when the start failed. */
  readonly ended: Promise<LaunchEnd>;
  /** The container's first process, as this process sees it; 0 before it exists, and when it never will. */
  readonly pid: () => number;
  /** How long the command has been running, in milliseconds; 0 before. */
  readonly runningForMs: () => number;
  /** Whether `started` settles only at the end. */
  readonly untilEnd: boolean;
  /**
   * Let the container go on without this process: its launcher ends, nobody is told of anything any more. Only for plans that don't
   * end it with their caller and have nothing to undo.
   */
  readonly leave: () => void;
  /** Send a signal to the container's first process; before that exists, SIGKILL is remembered. False: it has ended. */
  readonly kill: (signal: number) => boolean;
}
