/** Changing the limits of a running container: its cgroup and the rlimits of its first process, all or nothing. */
import { errAsync, type Result, type ResultAsync } from 'neverthrow';
import type { Group, GroupLimits, LimitChange } from '@haco/cgroups';
import { InvalidSpecError, Rejected, StateError, type HacoError, type Issue } from '@haco/plan';
import {
  rlimits as rlimitsPart,
  updateRlimits,
  type RlimitChange,
  type RlimitInput,
  type RlimitKind,
  type RlimitsSection,
} from '@haco/rlimits';

/** A resource limit as people write it: soft and hard at once, or each. */
export type RlimitUpdate = RlimitInput | { readonly soft: RlimitInput; readonly hard: RlimitInput };

/** What `container.update()` takes; a field that is missing leaves what is. */
export interface ContainerUpdate extends GroupLimits {
  /** Of the container's first process; what it starts afterwards inherits them. */
  readonly rlimits?: Readonly<Partial<Record<RlimitKind, RlimitUpdate>>>;
}

/** What was changed, with the values before. */
export interface UpdateReport {
  readonly limits: readonly LimitChange[];
  readonly rlimits: readonly RlimitChange[];
}

function rlimitsSection(given: NonNullable<ContainerUpdate['rlimits']>): RlimitsSection | Rejected {
  let section: RlimitsSection = rlimitsPart.empty;
  const issues: Issue[] = [];
  for (const [kind, value] of Object.entries(given)) {
    const { soft, hard } = typeof value === 'object' ? value : { soft: value, hard: value };
    const changed = rlimitsPart.verbs.rlimit(section, kind as RlimitKind, soft, hard);
    if (changed instanceof Rejected) issues.push(...changed.issues);
    else section = changed;
  }
  return issues.length > 0 ? new Rejected(issues) : section;
}

/** The error of a container that has no cgroup, because nothing asked for one. */
export function noGroup(what: string): StateError {
  return new StateError({
    what,
    state: 'the container has no cgroup',
    remedy: 'ask for a limit when it is started, e.g. pids(4096)',
  });
}

/**
 * Change limits; when one is refused the others are as before, and the error names it with its old and its new value. The cgroup
 * comes first: a hard rlimit that was lowered can't be raised again without CAP_SYS_RESOURCE.
 */
export function updateContainer(
  pid: number,
  group: Group | undefined,
  { rlimits = {}, ...limits }: ContainerUpdate,
): ResultAsync<UpdateReport, HacoError> {
  const section = rlimitsSection(rlimits);
  if (section instanceof Rejected) return errAsync(new InvalidSpecError({ issues: section.issues }));
  const wantsGroup = Object.values(limits).some((value) => value !== undefined);
  if (wantsGroup && group === undefined) return errAsync(noGroup('change its limits'));
  if (group === undefined || !wantsGroup) {
    return updateRlimits(pid, section).asyncMap((changed) => Promise.resolve({ limits: [], rlimits: changed }));
  }
  let changed: readonly RlimitChange[] = [];
  const confirm = (): Result<unknown, HacoError> => updateRlimits(pid, section).map((all) => (changed = all));
  return group.update(limits, { confirm }).map((changes) => ({ limits: changes, rlimits: changed }));
}
