/** The part `join`: what makes a process one of a running container, in place of the parts that make containers. */
import { err } from 'neverthrow';
import { clonedInto, planEnterGroups, type ExistingGroup } from '@haco/cgroups';
import { planJoinProcess } from '@haco/namespaces';
import {
  missingRights,
  issue,
  namespaceKinds,
  quote,
  type HostFacts,
  type NamespaceKind,
  type Part,
  type PlanContext,
  type SharedFacts,
  type Warning,
} from '@haco/plan';

/** Name of the descriptor by which the launcher gets a pidfd of the container's first process. */
export const joinedProcess = 'container';

/** Key of the part; no word that others would take. */
export const joinKey = 'join';

/** The section `join`: made from a running container, by nobody else. */
export interface JoinSection {
  /** The container's first process. */
  readonly pid: number;
  /** What a caller asked for, in place of all. */
  readonly asked?: readonly NamespaceKind[];
  /** Namespaces that are joined, which the caller isn't in already. */
  readonly kinds: readonly NamespaceKind[];
  /** Whether the container's root isn't that of its mount namespace. */
  readonly ownRoot: boolean;
  /** Whether its paths mean others than the caller's. */
  readonly changesRoot: boolean;
  readonly ownDevpts: boolean;
  readonly groups: readonly ExistingGroup[];
  readonly idMap?: SharedFacts['idMap'];
}

/** Whether a spec is that of a process that joins a container. */
export function isJoining(spec: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(spec, joinKey);
}

const emptyJoin: JoinSection = {
  pid: 0,
  kinds: [],
  ownRoot: false,
  changesRoot: false,
  ownDevpts: false,
  groups: [],
};

function factsOf(section: JoinSection, host?: HostFacts): Partial<SharedFacts> {
  const { pid, kinds, changesRoot, ownDevpts, groups, idMap } = section;
  const into = host === undefined ? undefined : clonedInto(groups, host);
  return {
    entered: kinds,
    changesRoot,
    ownDevpts,
    // Names of users are looked up, and commands are missed, there.
    ...(changesRoot ? { rootfs: `/proc/${String(pid)}/root` } : {}),
    ...(idMap !== undefined && kinds.includes('user') ? { idMap } : {}),
    ...(into === undefined ? {} : { cloneIntoCgroup: into }),
  };
}

function check({ kinds, ownRoot }: JoinSection, { host }: PlanContext): readonly Warning[] {
  if (kinds.includes('user') || host.capabilities.includes('sys_admin')) return [];
  if (kinds.length === 0 && !ownRoot) return [];
  const { what, remedy } = missingRights(host, 'sys_admin');
  return [
    {
      step: kinds.length === 0 ? 'join.enter-root' : 'join.namespaces',
      kind: 'permission',
      message: `Joining ${kinds.length === 0 ? 'a root directory' : `${kinds.join(', ')} namespaces`} needs ${what} over them; join their user namespace too, or ${remedy}.`,
    },
  ];
}

/** The part. Its steps take a pidfd that the runtime hands over under {@link joinedProcess}. */
export const joinPart = {
  key: joinKey,
  scope: 'container',
  empty: emptyJoin,
  verbs: {},
  parse: () => err([issue('', "means a process that runs now, so it can't come from JSON; use attachTo({ pid })")]),
  validate: ({ asked = [] }) => {
    const known: readonly string[] = namespaceKinds;
    return asked
      .filter((kind) => !known.includes(kind))
      .map((kind) =>
        issue('join.namespaces', `${quote(String(kind))} is no kind of namespace; use ${known.join(', ')}`),
      );
  },
  facts: factsOf,
  plan: (section, context) => {
    const { pid, kinds, ownRoot, groups } = section;
    const cgroupNamespaceLate = groups.some(({ version }) => version === 2);
    const joined = planJoinProcess({ pid, descriptor: joinedProcess, kinds, ownRoot, cgroupNamespaceLate }, context);
    return [...planEnterGroups(groups, context.host), ...joined];
  },
  check,
} as const satisfies Part<typeof joinKey, JoinSection>;
