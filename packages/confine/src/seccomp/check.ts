/** What will fail on a host, told before it is tried, with a way out. */
import type { PlanContext, Warning } from '@haco/plan';
import { asks, holdsAdmin, isAsked, stepIds } from './plan.js';
import type { SeccompSection } from './section.js';

/** All checks of this part. */
export function checkSection(section: SeccompSection, context: PlanContext): readonly Warning[] {
  const { host, facts } = context;
  if (!isAsked(section) || facts.noNewPrivileges || host.noNewPrivileges || holdsAdmin(context)) return [];
  return [
    {
      step: asks(section) ? stepIds.ask : stepIds.filter(0),
      kind: 'permission',
      message:
        'Filtering system calls takes CAP_SYS_ADMIN where programs may still gain privileges, so that none is misled; add noNewPrivileges(), or unshare("user").',
    },
  ];
}
