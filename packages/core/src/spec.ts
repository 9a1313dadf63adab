/** The spec: what the container is, as one validated, frozen, JSON-serializable value. */
import { err, ok, type Result } from 'neverthrow';
import type { RootfsSection } from '@haco/bootstrap';
import {
  InvalidSpecError,
  issue,
  noFacts,
  plain,
  readPlain,
  type AnyPart,
  type HostFacts,
  type Issue,
  type SharedFacts,
} from '@haco/plan';
import type { ControlSection } from './control/part.js';
import type { IdentitySection } from './identity/part.js';
import { factsKeyOf, PartMemo } from './part-memo.js';
import type { ProcessSection } from './process/section.js';

/** A spec: one section per part, by the part's key. Sections of built-in parts that core itself reads are typed. */
export interface Spec {
  readonly version: 1;
  readonly identity: IdentitySection;
  readonly process: ProcessSection;
  readonly control: ControlSection;
  readonly rootfs: RootfsSection;
  readonly [part: string]: unknown;
}

/** The facts that all parts together declare. */
export function collectFacts(parts: readonly AnyPart[], spec: Spec, name: string, host?: HostFacts): SharedFacts {
  // Each sees what those before it know, and nothing that somebody put on Object.prototype.
  return parts.reduce<SharedFacts>(
    // Most parts declare none, and of most containers nothing is to be declared.
    (facts, part) => {
      const declared = part.facts?.(spec[part.key], host, facts);
      return declared === undefined || Object.keys(declared).length === 0 ? facts : plain({ ...facts, ...declared });
    },
    plain({ ...noFacts, name }),
  );
}

const validations = new PartMemo<readonly Issue[]>();

/** Check all sections; every problem at once. */
export function validateSpec(
  parts: readonly AnyPart[],
  spec: Spec,
  verbIssues: readonly Issue[],
): Result<Spec, InvalidSpecError> {
  const facts = collectFacts(parts, spec, spec.identity.name ?? 'unnamed');
  const factsKey = factsKeyOf(facts);
  const validate = (part: AnyPart): readonly Issue[] => {
    const section = spec[part.key];
    return validations.of(part, section, undefined, factsKey, () => part.validate(section, { facts }));
  };
  const issues = [...verbIssues, ...parts.flatMap(validate)];
  return issues.length > 0 ? err(new InvalidSpecError({ issues })) : ok(spec);
}

/** A spec from JSON: shapes are checked here, meanings by {@link validateSpec}. */
export function parseSpec(parts: readonly AnyPart[], json: unknown): Result<Spec, InvalidSpecError> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return err(new InvalidSpecError({ issues: [issue('', 'a spec must be an object')] }));
  }
  return readPlain(json as Readonly<Record<string, unknown>>)
    .mapErr((message) => new InvalidSpecError({ issues: [issue('', `the spec ${message}`)] }))
    .andThen((given) => parseSections(parts, given));
}

function parseSections(
  parts: readonly AnyPart[],
  given: Readonly<Record<string, unknown>>,
): Result<Spec, InvalidSpecError> {
  const issues: Issue[] = [];
  if (given['version'] !== 1) issues.push(issue('version', 'must be 1'));
  const known = new Set(['version', ...parts.map((part) => part.key)]);
  for (const key of Object.keys(given)) {
    if (!known.has(key))
      issues.push(issue(key, 'is no section that this builder knows; add its part with haco({ parts })'));
  }
  const sections: Record<string, unknown> = { version: 1 };
  for (const part of parts) {
    const section = Object.hasOwn(given, part.key) ? given[part.key] : undefined;
    if (section === undefined) {
      sections[part.key] = part.empty;
      continue;
    }
    part.parse(section).match(
      (value: unknown) => {
        sections[part.key] = value;
      },
      (problems) => {
        for (const { path, message } of problems) {
          const joint = path === '' ? part.key : `${part.key}${path.startsWith('[') ? '' : '.'}${path}`;
          issues.push(issue(joint, message));
        }
      },
    );
  }
  return issues.length > 0 ? err(new InvalidSpecError({ issues })) : ok(sections as Spec);
}
