/** How the command is scheduled: `process.scheduler`, `process.ioPriority`, `process.execCPUAffinity`. */
import type { Import } from './import.js';
import type { Config } from './schema.js';
import { isoPolicy, ownWord } from './scheduling-words.js';

type Process = Config['process'];

export function importScheduling({ scheduler, ioPriority, execCPUAffinity }: Process, into: Import): void {
  if (scheduler !== undefined) importScheduler(scheduler, into);
  if (ioPriority !== undefined) {
    const { class: ioClass, priority: level = 0 } = ioPriority;
    const own = { class: ownWord(ioClass, 'IOPRIO_CLASS_'), level };
    into.set('process', 'ioPriority', own, 'process.ioPriority');
    into.cameFrom('process.ioPriority.level', 'process.ioPriority.priority');
  }
  const lists = Object.entries(execCPUAffinity ?? {}).filter(([, list]) => list !== '');
  if (lists.length > 0) {
    into.set('process', 'execCpuAffinity', Object.fromEntries(lists), 'process.execCPUAffinity');
    for (const [field] of lists) into.cameFrom(`process.execCpuAffinity.${field}`, `process.execCPUAffinity.${field}`);
  }
}

function importScheduler(scheduler: NonNullable<Process['scheduler']>, into: Import): void {
  const { policy, nice = 0, priority, flags = [], runtime, deadline, period } = scheduler;
  if (policy === isoPolicy) {
    return into.wrong('process.scheduler.policy', `"${isoPolicy}" is a policy that no Linux has; choose another one`);
  }
  const takesNice = policy === 'SCHED_OTHER' || policy === 'SCHED_BATCH';
  if (!takesNice && nice !== 0) into.slight('process.scheduler.nice', `it means nothing with "${policy}"`);
  const numbers = {
    nice: takesNice ? nice : 0,
    priority,
    runtimeNs: runtime,
    deadlineNs: deadline,
    periodNs: period,
  };
  // 0 is what Go has for nothing.
  const given = Object.entries(numbers).filter(([, number]) => number !== undefined && number !== 0);
  const own = {
    policy: ownWord(policy, 'SCHED_'),
    ...Object.fromEntries(given),
    ...(flags.length === 0 ? {} : { flags: flags.map((flag) => ownWord(flag, 'SCHED_FLAG_')) }),
  };
  into.set('process', 'scheduler', own, 'process.scheduler');
  for (const field of ['policy', 'nice', 'priority', 'flags', 'runtimeNs', 'deadlineNs', 'periodNs']) {
    into.cameFrom(`process.scheduler.${field}`, `process.scheduler.${field.replace(/Ns$/, '')}`);
  }
}
