/** How the command is scheduled, and on which machine it seems to run. */
import type { SchedulerSpec } from '@haco/core';
import type { Config } from '../import/schema.js';
import { ioPriorityWord, personalityWord, schedulerFlagWord, schedulerWord } from '../import/scheduling-words.js';
import type { Export } from './export.js';

type Process = Config['process'];

export function exportScheduling(from: Export): Pick<Process, 'scheduler' | 'ioPriority' | 'execCPUAffinity'> {
  const { scheduler, ioPriority } = from.sections.process;
  return {
    ...(scheduler === undefined ? {} : { scheduler: exportScheduler(scheduler) }),
    ...(ioPriority === undefined
      ? {}
      : { ioPriority: { class: ioPriorityWord(ioPriority.class), priority: ioPriority.level } }),
    ...exportAffinity(from),
  };
}

/** Of every policy but one. */
const noTimes = { runtimeNs: undefined, deadlineNs: undefined, periodNs: undefined };

function exportScheduler(scheduler: SchedulerSpec): NonNullable<Process['scheduler']> {
  const { policy, flags } = scheduler;
  const nice = 'nice' in scheduler ? scheduler.nice : undefined;
  const priority = 'priority' in scheduler ? scheduler.priority : undefined;
  const { runtimeNs, deadlineNs, periodNs = undefined } = policy === 'deadline' ? scheduler : noTimes;
  return {
    policy: schedulerWord(policy),
    ...(nice === undefined ? {} : { nice }),
    ...(priority === undefined ? {} : { priority }),
    ...(flags === undefined ? {} : { flags: flags.map(schedulerFlagWord) }),
    ...(runtimeNs === undefined ? {} : { runtime: runtimeNs }),
    ...(deadlineNs === undefined ? {} : { deadline: deadlineNs }),
    ...(periodNs === undefined ? {} : { period: periodNs }),
  };
}

function exportAffinity(from: Export): Pick<Process, 'execCPUAffinity'> {
  const { cpuAffinity, execCpuAffinity } = from.sections.process;
  if (cpuAffinity !== undefined) {
    from.missing('process.cpuAffinity', 'a runtime chooses processors for further commands only; see cpuset.cpus');
  }
  // In haco, further commands have that of the first one, where nothing else is said.
  const own = execCpuAffinity ?? (cpuAffinity === undefined ? undefined : { final: cpuAffinity });
  return own === undefined ? {} : { execCPUAffinity: own };
}

export function exportPersonality(from: Export): Pick<NonNullable<Config['linux']>, 'personality'> {
  const { personality } = from.sections.process;
  return personality === undefined ? {} : { personality: { domain: personalityWord(personality) } };
}
