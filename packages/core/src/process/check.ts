/** What every start needs of the kernel, told before it is tried. */
import { missingCall, missingRights, type FeatureName, type IdRange, type PlanContext, type Warning } from '@haco/plan';
import type { ProcessSection } from './section.js';
import { numericUser, userStepId } from './user.js';

interface Requirement {
  readonly feature: FeatureName;
  /** First kernel that has it, with all that is used of it. */
  readonly since: string;
  /** Id of the step that can't do without. */
  readonly step: string;
}

const always: readonly Requirement[] = [
  // CLONE_CLEAR_SIGHAND came with 5.5, clone3 itself with 5.3.
  { feature: 'clone3', since: '5.5', step: 'namespaces.clone' },
  { feature: 'pidfd_open', since: '5.3', step: 'process.bind-to-node' },
  // CLOSE_RANGE_CLOEXEC came with 5.11, close_range itself with 5.9.
  { feature: 'close_range', since: '5.11', step: 'process.close' },
];

const forWorkdir: Requirement = { feature: 'openat2', since: '5.6', step: 'process.workdir' };

/** Kernels that are too old, or whose calls an outer container's filter hides. */
function checkKernel(section: ProcessSection, { host }: PlanContext): readonly Warning[] {
  const requirements = section.workdir === undefined ? always : [...always, forWorkdir];
  return requirements
    .filter(({ feature }) => !host.features[feature])
    .map(({ feature, since, step }) => {
      const { what, remedy } = missingCall(host, feature, since);
      return { step, kind: 'unsupported', message: `${what}; ${remedy}.` };
    });
}

function isMapped(ranges: readonly IdRange[], id: number): boolean {
  return ranges.some(({ inside, count }) => id >= inside && id < inside + count);
}

/** Becoming another user: by privilege, or by a map that has the ids. */
function checkUser(section: ProcessSection, { host, facts }: PlanContext): readonly Warning[] {
  const user = numericUser(section);
  // What a namespace that is entered maps is seen only then, unless somebody has looked.
  if (user === undefined || (facts.entered.includes('user') && facts.idMap === undefined)) return [];
  const refused = (message: string): readonly Warning[] => [{ step: userStepId, kind: 'permission', message }];
  if (facts.idMap === undefined) {
    const { what, remedy } = missingRights(host, 'setuid', 'setgid');
    return ['setuid', 'setgid'].every((name) => host.capabilities.includes(name))
      ? []
      : refused(
          `Another user than the caller needs ${what}; add unshare("user") with a map that has it, or ${remedy}.`,
        );
  }
  const missing = [
    ...(isMapped(facts.idMap.uid, user.uid) ? [] : [`user ${String(user.uid)}`]),
    ...[user.gid, ...user.groups]
      .filter((id) => !isMapped(facts.idMap?.gid ?? [], id))
      .map((id) => `group ${String(id)}`),
  ];
  return missing.length === 0
    ? []
    : refused(
        `The user namespace of the container has no ${missing.join(' and no ')}; use ids of its map (without subordinate ids only 0), or map more with mapUsers() and mapGroups().`,
      );
}

/** What will fail on this host. */
export function checkProcess(section: ProcessSection, context: PlanContext): readonly Warning[] {
  return [...checkKernel(section, context), ...checkUser(section, context)];
}
