/** From a failed step to the error that helps: a missing root, a missing command and a taken name are told apart from odd errnos. */
import {
  ConflictError,
  NotFoundError,
  PermissionError,
  UnsupportedError,
  type HacoError,
  type Operation,
  type Plan,
  type Warning,
} from '@haco/plan';
import { isCgroupConflict } from '@haco/cgroups';
import { enterStepId } from '@haco/namespaces';
import { lxcfsRemedy, lxcfsStepId, type MountsSection } from '@haco/mounts';
import { failureError, type LaunchFailure } from '@haco/sys';
import { shownOf } from './missing-command.js';
import { missingSelected } from './missing-selected.js';
import { withFilter } from './outer-filter.js';
import { execStepId } from './process/exec.js';
import { defaultPath } from './process/section.js';
import type { Spec } from './spec.js';
import { endedMeanwhile } from './start/entered.js';
import { filled } from './start/blanks.js';
import type { PlannedStart } from './start/plan-start.js';

/** The root directory isn't there, or isn't one. */
export function missingRoot(root: string, reason: string): NotFoundError {
  return new NotFoundError({
    what: 'rootfs',
    subject: root,
    remedy: `${reason}; give an existing directory, or make one, e.g. with rootfs(debootstrap(…))`,
  });
}

/** Whether a call is given the root by its path; the others of the step that makes it speak of what haco has made itself. */
function isGivenRoot(operation: Operation, root: string): boolean {
  return (
    operation.op === 'syscall' &&
    operation.args.some((arg) => typeof arg === 'string' && (arg === root || arg.startsWith('lowerdir=')))
  );
}

function missingCommand(spec: Spec, root: string | undefined, errno: string): NotFoundError {
  const { command, env } = spec.process;
  const only = shownOf(spec);
  const inside = root === undefined ? '' : only === undefined ? ` below ${root}` : ` in ${only.join(', ')} of ${root}`;
  const reason =
    command === undefined || command.file.includes('/')
      ? `execve says ${errno}: the program${inside}, or the interpreter that it names, doesn't exist; give the path`
      : `it is in no directory of PATH (${env['PATH'] ?? defaultPath})${inside}, or isn't executable there; give its path`;
  return new NotFoundError({
    what: 'command',
    subject: command?.file ?? '/bin/bash or /bin/sh',
    remedy: `${reason} as seen inside, or ${only === undefined ? 'install it there' : 'bring its directory with mount()'}`,
  });
}

/**
 * The warnings of a plan as the error that refuses the start: the first one's kind; its message says of each what is missing and what
 * mends it, so that a host is mended once.
 */
export function warningsError([first, ...others]: readonly [Warning, ...Warning[]], plan: Plan): HacoError {
  const { step: id, kind, message } = first;
  const what = plan.steps.find((step) => step.id === id)?.label ?? 'start the container';
  const [missing = '', ...rest] = message.replace(/\.$/, '').split('; ');
  const remedy = rest.join('; ');
  const more = [...new Set(others.map((other) => other.message))].filter((other) => other !== message);
  const sentence = [`Could not ${what}: ${message}`, ...more].join(' ');
  switch (kind) {
    case 'permission':
      return new PermissionError({ what, missing, remedy, sentence });
    case 'not-found':
      return new NotFoundError({ what, subject: '', remedy, sentence });
    // A tool that isn't installed is something that the host lacks; nothing was run yet.
    case 'tool':
    case 'unsupported':
      return new UnsupportedError({ feature: missing, neededFor: what, since: '', remedy, sentence });
  }
}

/** The error of a start that failed in the launcher. */
export function startError({ error, failure: failed }: LaunchFailure, spec: Spec, planned: PlannedStart): HacoError {
  if (failed === undefined) return withFilter(error);
  const failure = filled(failed, planned.blanks);
  const { step, operation, errno } = failure;
  const root = planned.facts.rootfs;
  const isMissing = errno === 'ENOENT' || errno === 'ENOTDIR';
  if (step.id === execStepId && isMissing) return missingCommand(spec, root, errno);
  if (step.id === 'mounts.root' && root !== undefined && isMissing && isGivenRoot(operation, root)) {
    return missingRoot(root, `could not ${step.label}: ${errno}`);
  }
  if (step.id === lxcfsStepId && (isMissing || errno === 'ENOTCONN')) {
    const subject = (spec['mounts'] as MountsSection).lxcfs ?? '';
    return new NotFoundError({ what: 'LXCFS', subject, remedy: `could not ${step.label}: ${errno}; ${lxcfsRemedy}` });
  }
  const selected = missingSelected(failure, spec);
  if (selected !== undefined) return selected;
  const gone = step.id === enterStepId ? endedMeanwhile(failure, spec) : undefined;
  if (gone !== undefined) return gone;
  if (isCgroupConflict(step.id, errno)) return nameTaken(planned.name);
  return withFilter(failureError(failure));
}

/** The error of a name that another container has. */
export function nameTaken(name: string): ConflictError {
  return new ConflictError({
    what: 'name',
    subject: name,
    remedy: 'a container of this name has a cgroup here already; end that one or choose another name',
  });
}
