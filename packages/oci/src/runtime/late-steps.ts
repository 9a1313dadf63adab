/** What a container does only when it is started, and how it tells that this failed: by memory that it shares with whoever starts it. */
import { processOf, renderCall, SyscallError, type HacoError, type Phase } from '@haco/core';
import { hintFor, readFailure, type EncodedPlan } from '@haco/sys';

/** An operation that may fail. */
interface LateOperation {
  readonly step: string;
  readonly stepId: string;
  readonly from: string;
  readonly call: string;
  readonly syscall: string;
}

/** The operations from the wait on, by their numbers, and where the report is. */
export interface LateSteps {
  readonly reportOffset: number;
  readonly operations: Readonly<Record<string, LateOperation>>;
}

const latePhases: ReadonlySet<Phase> = new Set(['handover', 'filter', 'exec']);

/** Of a plan that will wait. */
export function lateStepsOf({ origins, reportOffset }: EncodedPlan): LateSteps {
  const operations: Record<string, LateOperation> = {};
  origins.forEach(({ step, operation }, index) => {
    if (processOf(step.phase) !== 'container' || !latePhases.has(step.phase)) return;
    const call = renderCall(operation);
    operations[String(index)] = {
      step: step.label,
      stepId: step.id,
      from: step.from,
      call: call.length > 300 ? `${call.slice(0, 300)}…` : call,
      syscall: operation.op === 'syscall' ? operation.name : operation.op,
    };
  });
  return { reportOffset, operations };
}

/** Why the start failed, out of the shared memory; undefined when it didn't. */
export function readLateFailure(memory: number, { reportOffset, operations }: LateSteps): HacoError | undefined {
  const failed = readFailure(memory, reportOffset);
  const operation = failed === undefined ? undefined : operations[String(failed.operation)];
  if (failed === undefined || operation === undefined) return undefined;
  const { syscall, stepId } = operation;
  return new SyscallError({ ...operation, errno: failed.errno, hint: hintFor(syscall, failed.errno, stepId) });
}
