/** Namespaces of others: opened first, entered before the clone. */
import { flags, openFlags, slot, syscall, type Operation, type PlanContext, type Step } from '@haco/plan';
import { AT_FDCWD } from './constants.js';
import { cloneFlags, kindsInOrder, rowOf } from './kinds.js';
import type { Entered, NamespacesSection } from './section.js';

/** Id of the step that opens them. */
export const enterStepId = 'namespaces.open';

/** Path of the namespace file. */
export function fileOf(entered: Entered): string {
  return 'path' in entered ? entered.path : `/proc/${String(entered.pid)}/ns/${rowOf(entered.kind).file}`;
}

/** Name of the pidfd that the launcher gets of a process that is named by the moment of its start, too. */
export function enteredFd(entered: Entered): string | undefined {
  return 'path' in entered || entered.startTime === undefined ? undefined : `entered.${String(entered.pid)}`;
}

/** A pid in a path may be another process's; while the pidfd's lives, it wasn't. EPERM is the answer of one that lives, too. */
function verifyEntered(section: NamespacesSection): readonly Operation[] {
  const names = section.enter.map(enteredFd).filter((name) => name !== undefined);
  return [...new Set(names)].map((fd) => syscall('pidfd_send_signal', [{ fd }, 0, 0, 0], { tolerate: ['EPERM'] }));
}

function slotOf({ kind }: Entered): string {
  return `namespaces.enter.${kind}`;
}

/**
 * Who may do everything enters the user namespace last, because in there it has no rights over namespaces that others own; who
 * may do nothing enters it first, because only it gives the right to enter the others.
 */
function inOrder(section: NamespacesSection, { host }: PlanContext): readonly Entered[] {
  const sorted = kindsInOrder.flatMap((kind) => section.enter.filter((entered) => entered.kind === kind));
  if (host.capabilities.includes('sys_admin')) return sorted;
  return [...sorted.filter(({ kind }) => kind === 'user'), ...sorted.filter(({ kind }) => kind !== 'user')];
}

/** One step that opens all, one step for each that is entered. */
export function planEnter(section: NamespacesSection, context: PlanContext): readonly Step[] {
  if (section.enter.length === 0) return [];
  const readOnly = flags(openFlags(context.host.arch), 'O_RDONLY', 'O_CLOEXEC');
  const hasUser = section.enter.some(({ kind }) => kind === 'user');
  const open: Step = {
    id: enterStepId,
    phase: 'prepare',
    label: 'open the namespaces that the container joins',
    why: 'an open namespace stays what it is, while a pid may be reused and a path hidden by the next one that is entered',
    operations: [
      ...section.enter.map((entered) =>
        syscall('openat', [AT_FDCWD, fileOf(entered), readOnly, 0], { save: slotOf(entered) }),
      ),
      ...verifyEntered(section),
    ],
    from: 'namespaces.enter',
    source: 'namespaces(7)',
  };
  const enter = inOrder(section, context).map((entered): Step => {
    const { flag, entersWithChildren, feature } = rowOf(entered.kind);
    const index = section.enter.indexOf(entered);
    const why =
      entered.kind === 'user'
        ? 'the rights of the container are those of its user namespace'
        : `the container shares it with ${'path' in entered ? 'others' : `process ${String(entered.pid)}`}`;
    return {
      id: `namespaces.enter.${entered.kind}`,
      phase: 'join',
      label: `join the ${entered.kind} namespace ${'path' in entered ? entered.path : `of process ${String(entered.pid)}`}`,
      why: entersWithChildren ? `${why}; joining counts for children only, so it happens before the clone` : why,
      operations: [syscall('setns', [slot(slotOf(entered)), flags(cloneFlags, flag)])],
      from: `namespaces.enter[${String(index)}]`,
      needs: [{ capability: 'sys_admin', over: hasUser ? 'container' : 'host' }],
      ...(feature === undefined ? {} : { requires: [feature] }),
      source: 'setns(2)',
    };
  });
  return [open, ...enter];
}
