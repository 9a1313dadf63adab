/** What every start needs of the kernel, told before it is tried. */
import type { FeatureName, PlanContext, Warning } from '@haco/plan';
import type { ProcessSection } from './section.js';

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

/** Warnings for kernels that are too old, or whose calls an outer container's filter hides. */
export function checkProcess(section: ProcessSection, { host }: PlanContext): readonly Warning[] {
  const requirements = section.workdir === undefined ? always : [...always, forWorkdir];
  return requirements
    .filter(({ feature }) => !host.features[feature])
    .map(({ feature, since, step }) => ({
      step,
      kind: 'unsupported',
      message: `This host (kernel ${host.kernel.release}) has no ${feature} (Linux ${since}); use a newer kernel, or, inside another container, a seccomp profile that allows it.`,
    }));
}
