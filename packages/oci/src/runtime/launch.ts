/** Performing a plan of the runtime: what the launcher is given, and what its failure is called. */
import {
  NotFoundError,
  PermissionError,
  type BarrierOperation,
  type HacoError,
  type Step,
  type Plan,
} from '@haco/core';
import { encodePlan, launch, wireOrder, type EncodedPlan, type Launch, type LaunchFailure } from '@haco/sys';
import type { Result } from 'neverthrow';
import { lookStepId } from './runtime-plan.js';

/** What a launch is given. */
export interface RuntimeLaunch {
  readonly steps: readonly Step[];
  readonly descriptors?: Readonly<Record<string, number>>;
  /** Its standard streams, which stay the caller's; without them, those of this process. */
  readonly stdio?: readonly [number, number, number];
  /** Its end is none of this process's business. */
  readonly outlives?: boolean;
  readonly onBarrier: (barrier: BarrierOperation, childPid: number) => Promise<Result<void, HacoError>>;
}

/** Start it; it goes on when this process ends. */
export function launchSteps({
  steps,
  descriptors = {},
  stdio = [0, 1, 2],
  outlives = false,
  onBarrier,
}: RuntimeLaunch): Result<{ readonly launched: Launch; readonly encoded: EncodedPlan }, HacoError> {
  const encoded = encodePlan(wireOrder(steps), {
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    callerPid: process.pid,
    dieWithCaller: false,
    notify: true,
    fds: Object.keys(descriptors),
  });
  return launch({
    encoded,
    stdio,
    outlives,
    passed: Object.values(descriptors),
    ...(encoded.usesChannel ? { onBarrier } : {}),
  }).map((launched) => ({ launched, encoded }));
}

/** The error of a failed start. Engines look for these very words, and make exit codes of them: 127 and 126. */
export function failureOf({ error, failure }: LaunchFailure, command: string): HacoError {
  const stepId = failure?.step.id;
  if (failure === undefined || (stepId !== lookStepId && stepId !== 'process.exec')) return error;
  const { errno } = failure;
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    const what = command.includes('/') ? 'no such file or directory' : 'executable file not found in $PATH';
    return new NotFoundError({
      what: 'command',
      subject: command,
      remedy: `${what} (${errno}); give its path as seen inside, or install it there`,
    });
  }
  if (errno === 'EACCES') {
    return new PermissionError({
      what: `execute ${JSON.stringify(command)}`,
      missing: 'permission denied (EACCES), it is no file that this user may execute',
      remedy: 'make it executable with chmod, or give another one',
    });
  }
  return error;
}

/** The first thing that a plan says will fail; what concerns the command is found out inside. */
export function refusalOf(plan: Pick<Plan, 'warnings'>): string | undefined {
  return plan.warnings.find(({ step }) => step !== 'process.exec')?.message;
}
