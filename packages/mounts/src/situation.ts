/** What planning needs to know of the container besides the section, in the words of this package. */
import { type HostFacts, type IdRange, type NamespaceKind, type Need, type PlanContext, plain } from '@haco/plan';
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
  /** New ones of both kinds: what the caller sees of mounts is all that there is, and it is locked. */
  readonly isLocked: boolean;
  /** Devices can be made. A user namespace, also one that the caller is in, may only bind those of the host. */
  readonly makesDevices: boolean;
  /** The container doesn't share its namespace of this kind with its caller. */
  readonly has: (kind: NamespaceKind) => boolean;
  /** Whether a group exists inside; undefined when nobody knows, in a joined user namespace. */
  readonly hasGroup: (gid: number) => boolean | undefined;
  readonly entry: RootEntry;
  /** It gets a root of its own. */
  readonly hasRoot: boolean;
  /** Who root inside is outside, where that is another than the caller. */
  readonly rootOutside?: { readonly uid: number; readonly gid: number };
  /** Where its groups are in every hierarchy, when that is known. */
  readonly cgroupPath?: string;
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
  const outside = (ranges: readonly IdRange[] = []): number | undefined => {
    const range = ranges.find(({ inside, count }) => inside === 0 && count > 0);
    return range?.outside;
  };
  const uid = outside(facts.idMap?.uid);
  const gid = outside(facts.idMap?.gid);
  const another = uid !== undefined && gid !== undefined && (uid !== host.euid || gid !== host.egid);
  return plain({
    ...(another && host.capabilities.includes('chown') ? { rootOutside: { uid, gid } } : {}),
    ...(facts.cgroupPath === undefined ? {} : { cgroupPath: facts.cgroupPath }),
    host,
    ownMounts,
    hasMounts: has('mount'),
    inUserNamespace,
    isLocked: ownMounts && facts.unshared.includes('user'),
    makesDevices: !inUserNamespace && host.userNamespaces.uids === undefined && host.capabilities.includes('mknod'),
    has,
    hasGroup,
    hasRoot: section.rootfs !== undefined,
    entry: section.entry ?? (ownMounts ? 'pivot_root' : 'chroot'),
    mayMount: { capability: 'sys_admin', over: inUserNamespace ? 'container' : 'host' },
  });
}
