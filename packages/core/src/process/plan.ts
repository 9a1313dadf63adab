/** The steps of the container's program, in the order of the phases. */
import type { PlanContext, Step } from '@haco/plan';
import { planCpuAffinity } from './cpu-affinity.js';
import { planNonDumpable } from './dumpable.js';
import { planExec } from './exec.js';
import { planIoPriority } from './io-priority.js';
import { planPersonality } from './personality.js';
import { planScheduler } from './scheduler.js';
import type { ProcessSection } from './section.js';
import { planSession } from './session.js';
import { planTerminal } from './terminal.js';
import { planUser } from './user.js';

export function planProcess(section: ProcessSection, context: PlanContext): readonly Step[] {
  return [
    ...planTerminal(section, context),
    ...planSession(section, context),
    ...planCpuAffinity(section),
    ...planScheduler(section),
    ...planIoPriority(section),
    ...planPersonality(section),
    ...planUser(section, context),
    ...planNonDumpable(section, context),
    ...planExec(section, context),
  ];
}
