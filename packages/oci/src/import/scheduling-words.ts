/** How the specification spells policies of the scheduler, their flags, classes of I/O and execution domains; haco leaves the prefix out. */
import type { IoPriorityClass, PersonalityDomain, SchedulerFlag, SchedulerPolicy } from '@haco/core';

/** A policy of the specification that no kernel has. */
export const isoPolicy = 'SCHED_ISO';

export function schedulerWord(policy: SchedulerPolicy): `SCHED_${Uppercase<SchedulerPolicy>}` {
  return `SCHED_${policy.toUpperCase() as Uppercase<SchedulerPolicy>}`;
}

export function schedulerFlagWord(flag: SchedulerFlag): `SCHED_FLAG_${Uppercase<SchedulerFlag>}` {
  return `SCHED_FLAG_${flag.toUpperCase() as Uppercase<SchedulerFlag>}`;
}

export function ioPriorityWord(ioClass: IoPriorityClass): `IOPRIO_CLASS_${Uppercase<IoPriorityClass>}` {
  return `IOPRIO_CLASS_${ioClass.toUpperCase() as Uppercase<IoPriorityClass>}`;
}

export function personalityWord(domain: PersonalityDomain): Uppercase<PersonalityDomain> {
  return domain.toUpperCase() as Uppercase<PersonalityDomain>;
}

/** The word of haco for one of the specification: without the prefix, in lower case. */
export function ownWord(word: string, prefix = ''): string {
  return word.slice(prefix.length).toLowerCase();
}
