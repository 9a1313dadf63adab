/** Limits as a person writes them, checked and turned into the section that containers use. */
import { InvalidSpecError, Rejected, parseName, quote, type HacoError, type Issue, type Size } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { Resources } from '../controllers/index.js';
import { isInterfaceFile } from '../keys.js';
import type { CgroupsSection } from '../section.js';
import { settingsOf } from '../settings.js';
import { validateSection } from '../validate.js';
import { verbs } from '../verbs.js';

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

/** The section that these limits mean; every problem with its path. */
export function sectionOf(
  limits: GroupLimits & { readonly degrade?: boolean | readonly string[] },
  name: string,
): Result<CgroupsSection, HacoError> {
  const issues: Issue[] = parseName(name).match<Issue[]>(
    () => [],
    (message) => [{ path: 'name', message }],
  );
  // The checks of a section say this only when it has limits.
  if (isInterfaceFile(name))
    issues.push({ path: 'name', message: `${quote(name)} is a file of the kernel in every group` });
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
  issues.push(...validateSection(section, { facts: { name } }));
  if (issues.length === 0) return ok(section);
  return err(
    new InvalidSpecError({
      issues: issues.map(({ path, message }) => ({ path: path.replace(/^cgroups\./, ''), message })),
    }),
  );
}
