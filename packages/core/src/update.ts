/** Changing the limits of a running container: its cgroup and the rlimits of its first process, all or nothing. */
import { err, errAsync, ok, type Result, type ResultAsync } from 'neverthrow';
import { readLimits, type Group, type GroupLimits, type LimitChange } from '@haco/cgroups';
import { InvalidSpecError, nothing, readPlain, StateError, type HacoError, type Issue } from '@haco/plan';
import { readRlimits, updateRlimits, type RlimitChange, type RlimitsSection, type RlimitUpdates } from '@haco/rlimits';

/** What `container.update()` takes; a field that is missing leaves what is. */
export interface ContainerUpdate extends GroupLimits {
  /** Of the container's first process; what it starts afterwards inherits them. */
  readonly rlimits?: RlimitUpdates;
}

/** What was changed, with the values before. */
export interface UpdateReport {
  readonly limits: readonly LimitChange[];
  readonly rlimits: readonly RlimitChange[];
}

/** The two parts of a change, in which every problem has been looked for. */
interface ReadUpdate {
  readonly limits: GroupLimits;
  readonly rlimits: RlimitsSection;
}

function issuesOf(error: HacoError): readonly Issue[] {
  return error.kind === 'invalid-spec' ? error.issues : [];
}

/** Everything is checked before the first limit is set: a hard rlimit that was lowered can't be raised again. */
function readUpdate(changes: ContainerUpdate): Result<ReadUpdate, HacoError> {
  const limits = readLimits(changes, ['rlimits']);
  const given = readPlain<ContainerUpdate | null | undefined>(changes).unwrapOr(undefined)?.rlimits;
  const rlimits = readRlimits(given === undefined ? nothing : given);
  if (limits.isOk() && rlimits.isOk()) {
    const { rlimits: _, ...group } = limits.value;
    return ok({ limits: group, rlimits: rlimits.value });
  }
  const issues = [...(limits.isErr() ? issuesOf(limits.error) : []), ...(rlimits.isErr() ? rlimits.error : [])];
  return err(new InvalidSpecError({ issues }));
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
  changes: ContainerUpdate,
): ResultAsync<UpdateReport, HacoError> {
  return readUpdate(changes).asyncAndThen((read) => apply(pid, group, read));
}

function apply(
  pid: number,
  group: Group | undefined,
  { limits, rlimits: section }: ReadUpdate,
): ResultAsync<UpdateReport, HacoError> {
  const wantsGroup = Object.values(limits).some((value) => value !== undefined);
  if (wantsGroup && group === undefined) return errAsync(noGroup('change its limits'));
  if (group === undefined || !wantsGroup) {
    return updateRlimits(pid, section).asyncMap((changed) => Promise.resolve({ limits: [], rlimits: changed }));
  }
  let changed: readonly RlimitChange[] = [];
  const confirm = (): Result<unknown, HacoError> => updateRlimits(pid, section).map((all) => (changed = all));
  return group.update(limits, { confirm }).map((changes) => ({ limits: changes, rlimits: changed }));
}
