/** Errors of starts, in the words of the plan. */
import { renderCall, StateError, SyscallError } from '@haco/plan';
import { errnoName } from '../errno.js';
import type { ProcessEnd } from '../exit/wait.js';
import { hintFor } from '../hint.js';
import type { StepFailure } from './report.js';

/** The error of a failed operation, in the words of the step. */
export function failureError({ step, operation, errno }: StepFailure): SyscallError {
  const syscall =
    operation.op === 'syscall'
      ? operation.name
      : operation.op === 'clone'
        ? 'clone3'
        : operation.op === 'init'
          ? 'clone'
          : operation.op;
  return new SyscallError({
    step: step.label,
    stepId: step.id,
    from: step.from,
    call: renderCall(operation),
    syscall,
    errno,
    hint: hintFor(syscall, errno, step.id),
  });
}

/** The start was stopped by who asked for it. */
export function stoppedError(): StateError {
  return new StateError({ what: 'start the container', state: 'being stopped', remedy: 'start it again' });
}

/** The launcher, or the server that stands for it, ended before the command ran. */
export function launcherError(reason: string): SyscallError {
  return new SyscallError({
    step: 'start the launcher',
    call: 'haco-init',
    syscall: 'posix_spawn',
    errno: 'ECANCELED',
    hint: reason,
  });
}

const SIGKILL = 9;

/** The container's process ended before it came to its command. */
export function endedEarly({ signal, exitCode }: Pick<ProcessEnd, 'signal' | 'exitCode'>): SyscallError {
  const how = signal === null ? `with code ${String(exitCode)}` : `by signal ${String(signal)}`;
  const why = signal === SIGKILL ? ', by somebody or for want of memory; if it has a memory limit, raise that' : '';
  return launcherError(`the container's process ended ${how} before the command ran${why}`);
}

/** The fork server was ended from outside between the request and the start. */
export function lostError(): SyscallError {
  return launcherError('its server was ended from outside; start the container again');
}

/** The fork server could not make a process. */
export function refusedClone(result: number): SyscallError {
  const errno = errnoName(-result);
  return new SyscallError({
    step: 'start the launcher',
    call: 'clone3(CLONE_PARENT)',
    syscall: 'clone3',
    errno,
    hint: hintFor('clone3', errno),
  });
}
