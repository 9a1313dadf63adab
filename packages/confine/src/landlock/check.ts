/** What will fail on a host, told before it is tried, with a way out. */
import type { PlanContext, Warning } from '@haco/plan';
import { abiOf, isAsked, isPossible, missingIn } from './coverage.js';
import type { LandlockSection } from './section.js';

/** Whether the process holds CAP_SYS_ADMIN when it comes under the rules. */
function holdsAdmin({ host, facts }: PlanContext): boolean {
  const held =
    facts.unshared.includes('user') || facts.entered.includes('user') || host.capabilities.includes('sys_admin');
  if (facts.boundingSet !== undefined) return held && facts.boundingSet.includes('sys_admin');
  // Whoever stops being root loses what is effective.
  return held && (facts.uid === undefined || facts.uid === 0);
}

function checkKernel(section: LandlockSection, { host }: PlanContext): readonly Warning[] {
  const missing = missingIn(section, host);
  if (section.degrade === true || missing.length === 0) return [];
  const abi = abiOf(host);
  const message =
    abi === 0
      ? 'This kernel has no Landlock (Linux 5.13), or it is not among its security modules; check with "cat /sys/kernel/security/lsm", boot with lsm=landlock,…, or allow to go on without it with landlock({ …, degrade: true }).'
      : `The Landlock of this kernel (ABI ${String(abi)}) can't restrict ${missing.join(', ')}; use a newer kernel, or allow to go on with the rest by landlock({ …, degrade: true }).`;
  return [{ step: 'landlock.ruleset', kind: 'unsupported', message }];
}

/** All checks of this part. */
export function checkSection(section: LandlockSection, context: PlanContext): readonly Warning[] {
  if (!isAsked(section)) return [];
  const { host, facts } = context;
  const mayRestrict = facts.noNewPrivileges || host.noNewPrivileges || holdsAdmin(context);
  return [
    ...checkKernel(section, context),
    ...(mayRestrict || !isPossible(section, host)
      ? []
      : [
          {
            step: 'landlock.restrict',
            kind: 'permission',
            message:
              'Landlock takes CAP_SYS_ADMIN where programs may still gain privileges, so that none is misled; add noNewPrivileges().',
          } as const,
        ]),
  ];
}
