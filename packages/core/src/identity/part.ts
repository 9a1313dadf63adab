/** Who the container is: its name and the caller's own tags. */
import { err, ok, type Result } from 'neverthrow';
import { issue, parseName, type Rejected, rejected, type Issue, type Part } from '@haco/plan';

/** Section `identity` of the spec. */
export interface IdentitySection {
  readonly name?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface IdentityMethods {
  /**
   * Name the container. It is the hostname when `uts` is unshared, and the name of its cgroup; two containers of one name with
   * limits can't run at the same time (`conflict`). Without a name one is made up for each start. Replaces an earlier name.
   *
   * @param name - 1 to 63 characters of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().name('web').unshare('uts').command('hostname');
   * ```
   */
  name(name: string): this;
  /**
   * Attach tags of your own. They mean nothing to haco, travel with the spec, and add to earlier ones.
   *
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * haco().metadata({ job: '4711' }).command('make');
   * ```
   */
  metadata(tags: Readonly<Record<string, string>>): this;
}

function parse(json: unknown): Result<IdentitySection, readonly Issue[]> {
  if (typeof json !== 'object' || json === null) return err([issue('', 'must be an object')]);
  const { name, metadata = {} } = json as { name?: unknown; metadata?: unknown };
  const issues: Issue[] = [];
  if (name !== undefined && typeof name !== 'string') issues.push(issue('name', 'must be a string'));
  if (typeof metadata !== 'object' || metadata === null) issues.push(issue('metadata', 'must be an object of strings'));
  if (issues.length > 0) return err(issues);
  return ok({
    metadata: metadata as Readonly<Record<string, string>>,
    ...(typeof name === 'string' ? { name } : {}),
  });
}

function validate(section: IdentitySection): readonly Issue[] {
  const issues: Issue[] = [];
  if (section.name !== undefined) {
    const name = parseName(section.name);
    if (name.isErr()) issues.push(issue('identity.name', name.error));
  }
  for (const [key, value] of Object.entries(section.metadata)) {
    if (typeof value !== 'string') issues.push(issue(`identity.metadata.${key}`, 'must be a string'));
  }
  return issues;
}

/** The part `identity`: no steps of its own, the other parts use the name. */
export const identity = {
  key: 'identity',
  scope: 'container',
  empty: { metadata: {} },
  verbs: {
    name: (section, name) =>
      parseName(name).match<IdentitySection | Rejected>(
        (valid) => ({ ...section, name: valid }),
        (message) => rejected('identity.name', message),
      ),
    metadata: (section, tags) => ({ ...section, metadata: { ...section.metadata, ...tags } }),
  },
  parse,
  validate,
  facts: (section) => (section.name === undefined ? {} : { name: section.name }),
  plan: () => [],
} as const satisfies Part<'identity', IdentitySection, IdentityMethods>;
