/** Limits as a person writes them, checked and turned into the section that containers use. */
import {
  InvalidSpecError,
  Rejected,
  leafGroup,
  parseName,
  quote,
  type HacoError,
  type Issue,
  type Size,
} from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { Resources } from '../controllers/index.js';
import { isInterfaceFile } from '../keys.js';
import type { CgroupsSection } from '../section.js';
import { settingsOf } from '../settings.js';
import { validateSection } from '../validate.js';
import { verbs } from '../verbs.js';
import { resolveBlockDevices } from './block-device.js';
import { elsewhere, isRecord, readOptions, type Checks } from './options.js';

/** Limits of a group. A field that is missing sets no limit, or, in `update`, leaves what is. */
export interface GroupLimits {
  /** Percent of one CPU: 50 is half of one, 200 two whole ones. */
  readonly cpu?: number;
  /** Bytes of memory, or text such as `'256MiB'`. */
  readonly memory?: Size;
  /** Processes and threads at the same time. */
  readonly pids?: number;
  /** Everything else that has typed words, e.g. `{ cpu: { weight: 50 }, io: { … } }`. */
  readonly resources?: Resources;
  /** Any file of the group, by its name on v1 or v2, e.g. `{ 'cpu.weight': 50 }`. */
  readonly keys?: Readonly<Record<string, string | number>>;
}

/** Limits are checked by the verbs that containers have for them. */
export const limitChecks = {
  cpu: elsewhere,
  memory: elsewhere,
  pids: elsewhere,
  resources: elsewhere,
  keys: isRecord,
} as const satisfies Checks<GroupLimits>;

function nameIssues(name: string): readonly Issue[] {
  const problem = parseName(name).match(
    () => {
      // The checks of a section say this only when it has limits.
      if (isInterfaceFile(name)) return `${quote(name)} is a file of the kernel in every group`;
      if (name === leafGroup) return `${quote(name)} is the group that moveSelfToLeaf() makes; choose another name`;
      return undefined;
    },
    (message) => message,
  );
  return problem === undefined ? [] : [{ path: 'name', message: problem }];
}

/**
 * A copy of limits that are in order, without setting them. Fails with `invalid-spec`: every problem with its path, also names that
 * nobody knows.
 *
 * @param others - further fields that are there, which who asks reads itself
 *
 * @example
 * ```ts
 * import { readLimits } from '@haco/cgroups';
 * readLimits({ cpu: 50, memory: '1GiB' }).isOk(); // true
 * ```
 */
export function readLimits<T extends GroupLimits>(limits: T, others: readonly string[] = []): Result<T, HacoError> {
  const further = Object.fromEntries(others.map((name) => [name, elsewhere]));
  return readOptions(limits, { ...limitChecks, ...further }, 'limits').andThen((read) =>
    sectionOf(read, []).map(() => read),
  );
}

/** The section of a change of limits, of a group of whatever name; limits that nobody knows are problems too. */
export function changeOf(limits: GroupLimits): Result<CgroupsSection, HacoError> {
  return readOptions(limits, limitChecks, 'limits')
    .andThen((read) => sectionOf(read, []))
    .andThen(withNumbers);
}

/** The section that the limits of a new group mean; every problem with its path. */
export function newSection(
  limits: GroupLimits & { readonly degrade?: boolean | readonly string[] },
  name: string,
): Result<CgroupsSection, HacoError> {
  return sectionOf(limits, nameIssues(name)).andThen(withNumbers);
}

/** Paths of issues as who gives limits of a group sees them. */
function invalid(issues: readonly Issue[]): InvalidSpecError {
  return new InvalidSpecError({
    issues: issues.map(({ path, message }) => ({ path: path.replace(/^cgroups\./, ''), message })),
  });
}

/** Disks that are named by their path, as the kernel's files take them: there a path is no disk. */
function withNumbers(section: CgroupsSection): Result<CgroupsSection, HacoError> {
  return resolveBlockDevices(section).mapErr((error) =>
    error.kind === 'invalid-spec' ? invalid(error.issues) : error,
  );
}

function sectionOf(
  limits: GroupLimits & { readonly degrade?: boolean | readonly string[] },
  found: readonly Issue[],
): Result<CgroupsSection, HacoError> {
  const issues = [...found];
  let section: CgroupsSection = {};
  const apply = (changed: CgroupsSection | Rejected): void => {
    if (changed instanceof Rejected) issues.push(...changed.issues);
    else section = changed;
  };
  if (limits.cpu !== undefined) apply(verbs.cpu(section, limits.cpu));
  if (limits.memory !== undefined) apply(verbs.memory(section, limits.memory));
  if (limits.pids !== undefined) apply(verbs.pids(section, limits.pids));
  if (limits.resources !== undefined) apply(verbs.resources(section, limits.resources));
  for (const [key, value] of Object.entries(limits.keys ?? {})) apply(verbs.cgroup(section, key, value));
  const { degrade = [] } = limits;
  const names =
    degrade === true
      ? [...new Set(settingsOf(section).map(({ enforces }) => enforces))]
      : degrade === false
        ? []
        : degrade;
  if (names.length > 0) section = { ...section, degrade: names };
  issues.push(...validateSection(section, { facts: { name: 'group' } }));
  return issues.length === 0 ? ok(section) : err(invalid(issues));
}
