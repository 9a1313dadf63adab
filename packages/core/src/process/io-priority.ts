/** How early the command's reads and writes of disks are served. */
import { issue, readInteger, readObject, readOneOf, syscall, flags, type Issue, type Step } from '@haco/plan';
import type { ProcessSection } from './section.js';

/** Classes of ioprio_set(2): their numbers. */
const classes = { rt: 1, be: 2, idle: 3 } as const;

/** A class of `ioprio_set(2)`, without the prefix, in lower case: realtime, best effort, idle. */
export type IoPriorityClass = keyof typeof classes;

/** Every class. */
export const ioPriorityClasses = Object.keys(classes) as readonly IoPriorityClass[];

/** What the section holds. */
export const readIoPriority = readObject({ class: readOneOf(ioPriorityClasses), level: readInteger });

/** The level of a class about which nothing was said, as with ionice(1). */
export function usualLevel(ioClass: IoPriorityClass): number {
  return ioClass === 'idle' ? 0 : 4;
}

/** What is wrong with the priority of a section. */
export function ioPriorityIssues({ ioPriority }: ProcessSection): readonly Issue[] {
  if (ioPriority === undefined) return [];
  const issues: Issue[] = [];
  const { level } = readIoPriority(ioPriority, 'process.ioPriority', issues);
  if (issues.length > 0 || (level >= 0 && level <= 7)) return issues;
  return [issue('process.ioPriority.level', `${String(level)} is not a level; write 0 (first) to 7 (last)`)];
}

/** The step, before privileges go. */
export function planIoPriority({ ioPriority }: ProcessSection): readonly Step[] {
  if (ioPriority === undefined) return [];
  const { class: ioClass, level } = ioPriority;
  const name = `IOPRIO_CLASS_${ioClass.toUpperCase()}`;
  const value = { flags: [`IOPRIO_PRIO_VALUE(${name}, ${String(level)})`], value: (classes[ioClass] << 13) + level };
  return [
    {
      id: 'process.io-priority',
      phase: 'limits',
      label: `set the I/O priority to ${name}, level ${String(level)}`,
      why: "Node's own would be inherited; the realtime class takes privileges, so it is set before they are dropped",
      source: 'ioprio_set(2)',
      from: 'process.ioPriority',
      ...(ioClass === 'rt' ? { needs: [{ capability: 'sys_nice', over: 'host' }] } : {}),
      // Process 0 is the caller.
      operations: [syscall('ioprio_set', [flags({ IOPRIO_WHO_PROCESS: 1 }, 'IOPRIO_WHO_PROCESS'), 0, value])],
    },
  ];
}
