/** Namespaces of others: opened first, entered before the clone. */
import { flags, openFlags, slot, syscall, type PlanContext, type Step } from '@haco/plan';
import { AT_FDCWD } from './constants.js';
import { cloneFlags, kindsInOrder, rowOf } from './kinds.js';
import type { Entered, NamespacesSection } from './section.js';

/** Path of the namespace file. */
export function fileOf(entered: Entered): string {
  return 'path' in entered ? entered.path : `/proc/${String(entered.pid)}/ns/${rowOf(entered.kind).file}`;
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
    id: 'namespaces.open',
    phase: 'prepare',
    label: 'open the namespaces that the container joins',
    why: 'an open namespace stays what it is, while a pid may be reused and a path hidden by the next one that is entered',
    operations: section.enter.map((entered) =>
      syscall('openat', [AT_FDCWD, fileOf(entered), readOnly, 0], { save: slotOf(entered) }),
    ),
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
