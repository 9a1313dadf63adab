/** What planning needs to know of the container besides the section, in the words of this package. */
import type { HostFacts, NamespaceKind, Need, PlanContext } from '@haco/plan';
import type { MountsSection, RootEntry } from './section.js';

/** The situation in which mounts are made. */
export interface Situation {
  readonly host: HostFacts;
  /** A new mount namespace: all in it may be changed. */
  readonly ownMounts: boolean;
  /** A mount namespace that isn't the caller's: new or joined. */
  readonly hasMounts: boolean;
  /** Not the host's user namespace. */
  readonly inUserNamespace: boolean;
  /** The container doesn't share its namespace of this kind with its caller. */
  readonly has: (kind: NamespaceKind) => boolean;
  /** Whether a group exists inside; undefined when nobody knows, in a joined user namespace. */
  readonly hasGroup: (gid: number) => boolean | undefined;
  readonly entry: RootEntry;
  /** The capability that mounting needs here. */
  readonly mayMount: Need;
}

/** Derive the situation. */
export function situationOf(section: MountsSection, { host, facts }: PlanContext): Situation {
  const has = (kind: NamespaceKind): boolean => facts.unshared.includes(kind) || facts.entered.includes(kind);
  const ownMounts = facts.unshared.includes('mount');
  const inUserNamespace = has('user');
  const hasGroup = (gid: number): boolean | undefined => {
    if (!inUserNamespace) return true;
    return facts.idMap?.gid.some(({ inside, count }) => gid >= inside && gid < inside + count);
  };
  return {
    host,
    ownMounts,
    hasMounts: has('mount'),
    inUserNamespace,
    has,
    hasGroup,
    entry: section.entry ?? (ownMounts ? 'pivot_root' : 'chroot'),
    mayMount: { capability: 'sys_admin', over: inUserNamespace ? 'container' : 'host' },
  };
}
