/** The steps of the container's program, in the order of the phases. */
import type { PlanContext, Step } from '@haco/plan';
import { planNonDumpable } from './dumpable.js';
import { planExec } from './exec.js';
import type { ProcessSection } from './section.js';
import { planSession } from './session.js';
import { planTerminal } from './terminal.js';
import { planUser } from './user.js';

export function planProcess(section: ProcessSection, context: PlanContext): readonly Step[] {
  return [
    ...planTerminal(section, context),
    ...planSession(section, context),
    ...planUser(section, context),
    ...planNonDumpable(section, context),
    ...planExec(section, context),
  ];
}
