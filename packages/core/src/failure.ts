/** From a failed step to the error that helps: a missing root, a missing command and a taken name are told apart from odd errnos. */
import { ConflictError, NotFoundError, type HacoError } from '@haco/plan';
import { isCgroupConflict } from '@haco/cgroups';
import { failureError, type LaunchFailure } from '@haco/sys';
import { execStepId } from './process/exec.js';
import type { Spec } from './spec.js';

/** The error of a start that failed in the launcher. */
export function startError(
  { error, failure }: LaunchFailure,
  spec: Spec,
  name: string,
  root: string | undefined,
): HacoError {
  if (failure === undefined) return error;
  const { step, errno } = failure;
  if (step.id === execStepId && (errno === 'ENOENT' || errno === 'ENOTDIR')) {
    const { command } = spec.process;
    const inside = root === undefined ? '' : ` below ${root}`;
    return new NotFoundError({
      what: 'command',
      subject: command?.file ?? '/bin/bash or /bin/sh',
      remedy: `execve says ${errno}: the program${inside}, or the interpreter that it names, doesn't exist; give the path as seen inside, or install it there`,
    });
  }
  if (isCgroupConflict(step.id, errno)) {
    return new ConflictError({
      what: 'name',
      subject: name,
      remedy: 'a container of this name has a cgroup here already; end that one or choose another name',
    });
  }
  return failureError(failure);
}
