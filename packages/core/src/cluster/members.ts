/** What a cluster is made of, and what is wrong with it. */
import {
  issue,
  misfits,
  namespaceKinds,
  parseName,
  plain,
  quote,
  readPlain,
  type Issue,
  type NamespaceKind,
  type Shape,
} from '@haco/plan';
import { brandOf } from '../brand.js';
import type { Builder } from '../builder.js';
import { haco } from '../haco.js';
import { graphIssues, type Needs } from './graph.js';

/** A member: its builder, or a function that specialises the cluster's `base`. */
export type MemberBuilder = Builder | ((base: Builder) => Builder);

/** What can be said of a member besides its builder. */
export interface MemberOptions<Names extends string = string> {
  readonly builder: MemberBuilder;
  /** How many alike: `name-1`, `name-2`, …; just one, without a number, without it. */
  readonly count?: number;
  /** Members that must be ready before it is started; they are stopped after it. */
  readonly dependsOn?: readonly Names[];
  /** Namespaces that it enters, of the named members, which are started before. */
  readonly share?: Readonly<Partial<Record<NamespaceKind, Names>>>;
}

/** The members of a cluster by their names. */
export type Members<Names extends string = string> = Readonly<
  Record<Names, MemberBuilder | MemberOptions<NoInfer<Names>>>
>;

/** One member, in one form. */
export interface Member {
  readonly name: string;
  readonly builder: Builder;
  readonly count: number | undefined;
  readonly dependsOn: readonly string[];
  readonly share: readonly (readonly [NamespaceKind, string])[];
}

const optionsShape: Shape = {
  fields: {
    count: { optional: 'number' },
    dependsOn: { optional: { list: 'text' } },
    share: { optional: { record: 'text' } },
  },
};

/** A member that is only its builder, or a function, is one without options; so is what is none of all this. */
function optionsOf(given: MemberBuilder | MemberOptions): MemberOptions {
  const isOptions = typeof given === 'object' && (given as unknown) !== null && !Array.isArray(given);
  return isOptions && brandOf(given) === undefined ? (given as MemberOptions) : { builder: given as MemberBuilder };
}

/** What a cluster was given: what can't be read is told, and counts as nothing. */
export function readGiven(
  givenMembers: unknown,
  givenOptions: unknown,
): { members: Members | undefined; name: unknown; base: Builder; issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const objectOf = (given: unknown, path: string): Readonly<Record<string, unknown>> | undefined => {
    const wrong = readPlain(given).match(
      (value) => misfits(value, { fields: {} }, path),
      (message) => [issue(path, message)],
    );
    issues.push(...wrong);
    return wrong.length > 0 ? undefined : plain(given as Readonly<Record<string, unknown>>);
  };
  const members = objectOf(givenMembers, 'cluster') as Members | undefined;
  const { name, base = haco() } = objectOf(givenOptions, 'cluster.options') ?? {};
  if (brandOf(base) === 'builder') return { members, name, base: base as Builder, issues };
  return { members, name, base: haco(), issues: [...issues, issue('cluster.base', 'must be a builder (haco()…)')] };
}

/** The members in one form, and every problem that their parts don't see. */
export function parseMembers(
  members: Members,
  base: Builder,
): { members: readonly Member[]; issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const parsed = Object.entries(members).map(([name, given]): Member => {
    const path = `cluster.${name}`;
    const valid = parseName(name);
    if (valid.isErr()) issues.push(issue(path, valid.error));
    const options = optionsOf(given);
    const wrong = misfits(options, optionsShape, path);
    issues.push(...wrong);
    const { builder } = options;
    // What has the wrong type says nothing else.
    const { count, dependsOn = [], share = {} }: Partial<MemberOptions> = wrong.length > 0 ? {} : options;
    if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 1024)) {
      issues.push(issue(`${path}.count`, 'must be a whole number from 1 to 1024'));
    }
    for (const kind of Object.keys(share)) {
      if (!(namespaceKinds as readonly string[]).includes(kind)) {
        issues.push(issue(`${path}.share.${kind}`, `is no kind of namespace; use ${namespaceKinds.join(', ')}`));
      }
    }
    const made = typeof builder === 'function' ? builder(base) : builder;
    if (brandOf(made) !== 'builder') issues.push(issue(`${path}.builder`, 'must be a builder (haco()…), or give one'));
    return { name, builder: made, count, dependsOn, share: Object.entries(share) as Member['share'] };
  });
  if (parsed.length === 0) issues.push(issue('cluster', 'has no members; give one at least'));
  issues.push(...graphIssues(needsOf(parsed), (member, need) => pathOf(parsed, member, need)));
  for (const { name, share } of parsed) {
    for (const [kind, other] of share) {
      if (parsed.find((one) => one.name === other)?.count === undefined) continue;
      issues.push(issue(`cluster.${name}.share.${kind}`, `${quote(other)} is several containers; share that of one`));
    }
  }
  return { members: parsed, issues };
}

/** The same members, their builders changed by `change`; what is no builder is left to {@link parseMembers} to refuse. */
export function changeMembers(
  members: Members,
  base: Builder,
  change: (builder: Builder, member: string) => Builder,
): Members {
  return Object.fromEntries(
    Object.entries(members).map(([name, given]) => {
      const options = optionsOf(given);
      const made = typeof options.builder === 'function' ? options.builder(base) : options.builder;
      return [name, { ...options, builder: brandOf(made) === 'builder' ? change(made, name) : made }];
    }),
  );
}

/** Whom each member needs: to be ready, or for its namespaces. */
export function needsOf(members: readonly Member[]): Needs {
  return new Map(
    members.map(({ name, dependsOn, share }) => [
      name,
      [...new Set([...dependsOn, ...share.map(([, other]) => other)])],
    ]),
  );
}

function pathOf(members: readonly Member[], name: string, need: string): string {
  const member = members.find((one) => one.name === name);
  const at = member?.dependsOn.indexOf(need) ?? -1;
  if (at >= 0) return `cluster.${name}.dependsOn[${String(at)}]`;
  const kind = member?.share.find(([, other]) => other === need)?.[0];
  return kind === undefined ? `cluster.${name}` : `cluster.${name}.share.${kind}`;
}
