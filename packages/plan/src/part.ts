/** What a feature contributes to haco: its words, its checks, and its steps. */
import type { Result } from 'neverthrow';
import type { PartEffects } from './effects.js';
import type { Enforcement } from './enforcement.js';
import type { HostFacts } from './host-facts.js';
import type { Issue, Rejected } from './issue.js';
import type { NamespaceKind } from './namespace.js';
import type { Warning } from './plan.js';
import type { Step } from './step.js';

/**
 * What parts may know of each other. A part that knows a fact declares it in {@link Part.facts}; everybody else reads it from
 * the context, never from the other part's section.
 */
export interface SharedFacts {
  /**
   * Name of the container, to be written as it is: in `facts()`, `plan()` and `check()` another of the same length may stand for it, since
   * containers that are alike but for their names share a plan.
   */
  readonly name: string;
  /** Kinds that the container creates. */
  readonly unshared: readonly NamespaceKind[];
  /** Kinds that the container joins. */
  readonly entered: readonly NamespaceKind[];
  /** How ids inside map to ids outside, when a user namespace is created. */
  readonly idMap?: {
    /** `self`: only the caller's own id, written by the child itself; `ranges`: written from outside. */
    readonly kind: 'self' | 'ranges';
    readonly uid: readonly IdRange[];
    readonly gid: readonly IdRange[];
  };
  /** The root directory that the container gets, as a path on the host; undefined when it keeps the host's. */
  readonly rootfs?: string;
  /** Whether the root can take new directories without touching the host tree (an overlay or tmpfs of the container). */
  readonly rootfsIsThrowAway: boolean;
  /** Host environment facts needed for exec: whether the root changes at all. */
  readonly changesRoot: boolean;
  /** The container's process must keep capabilities when it stops being root, because a part raises them afterwards. */
  readonly keepsCapabilities: boolean;
  /** Names of the capabilities in its bounding set; missing when it keeps all that there are. */
  readonly boundingSet?: readonly string[];
  /** Names of the capabilities in effect right before the command, when anybody asked for any. */
  readonly effectiveSet?: readonly string[];
  /** No program that it executes may gain privileges. */
  readonly noNewPrivileges: boolean;
  /** User that the command runs as, as seen inside; missing when nobody asked to change it. */
  readonly uid?: number;
  /** Node answers system calls of it, and is told so by the launcher's socket right before the command. */
  readonly asksNode: boolean;
  /** A mount namespace with its own devpts on /dev/pts exists. */
  readonly ownDevpts: boolean;
  /** Its /dev is a fresh filesystem of the container, in which files can be made. */
  readonly ownDev: boolean;
  /** Slot name of a v2 cgroup directory to clone into. */
  readonly cloneIntoCgroup?: string;
  /**
   * The container has cgroups of its own, which its process enters first thing in phase `identity` (or with the clone, on v2).
   * A cgroup namespace is rooted in the groups of the moment it is made, so it must then be made by `unshare(2)` after that
   * step, not by the clone.
   */
  readonly joinsCgroupLate: boolean;
  /** Namespaces that another part than `namespaces` needs: it makes and joins them as if they had been asked for there. */
  readonly wantedNamespaces?: WantedNamespaces;
  /** Path of its groups in every hierarchy, from the root, where one was given. */
  readonly cgroupPath?: string;
  /** Directory on the host with the `resolv.conf` and `hosts` that a part makes for this container. */
  readonly networkEtc?: string;
}

/** Namespaces that a feature can't do without. */
export interface WantedNamespaces {
  readonly unshare: readonly NamespaceKind[];
  readonly enter: readonly (
    { readonly kind: NamespaceKind; readonly path: string } | { readonly kind: NamespaceKind; readonly pid: number }
  )[];
}

/** The facts of a container about which nothing was said. */
export const noFacts: SharedFacts = {
  name: '',
  unshared: [],
  entered: [],
  rootfsIsThrowAway: false,
  changesRoot: false,
  keepsCapabilities: false,
  noNewPrivileges: false,
  asksNode: false,
  ownDevpts: false,
  ownDev: false,
  joinsCgroupLate: false,
};

/** One line of a uid or gid map. */
export interface IdRange {
  /** First id inside. */
  readonly inside: number;
  /** First id outside. */
  readonly outside: number;
  readonly count: number;
}

/** What {@link Part.plan} and {@link Part.validate} may look at besides their own section. */
export interface PlanContext {
  readonly host: HostFacts;
  readonly facts: SharedFacts;
}

/** What a verb may return: the changed section, or the reasons why its arguments make no sense. */
export type VerbResult<Section> = Section | Rejected;

/** The implementation of an interface of verbs: the section comes first, then the verb's own arguments. */
export type Verbs<Section, Methods> = {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a bound that lists of any verb's arguments meet, readonly ones too.
  readonly [K in keyof Methods]: Methods[K] extends (...args: infer A extends readonly any[]) => unknown
    ? (section: Section, ...args: A) => VerbResult<Section>
    : never;
};

/**
 * A feature: one section of the spec, the verbs that fill it, the checks of it, and the steps that it becomes. All functions
 * are pure; what Node itself has to do around a start is what {@link Part.effects} returns.
 */
export interface Part<Key extends string = string, Section = unknown, Methods = object> {
  readonly key: Key;
  /**
   * `container`: what the steps make is made once, and a process that joins the container later (`container.exec()`) finds it
   * there. Without it they are performed for each such process, too.
   */
  readonly scope?: 'container';
  /** The section when nothing is asked. */
  readonly empty: Section;
  readonly verbs: Verbs<Section, Methods>;
  /** Check JSON from outside and turn it into a section; paths are relative to the section. */
  readonly parse: (json: unknown) => Result<Section, readonly Issue[]>;
  /** Every problem of the section that types can't exclude; paths begin with the part's key. */
  readonly validate: (section: Section, context: { readonly facts: SharedFacts }) => readonly Issue[];
  /** What other parts may know of this section; `earlier` is what the parts before it in the list have declared. */
  readonly facts?: (section: Section, host?: HostFacts, earlier?: SharedFacts) => Partial<SharedFacts>;
  /** The steps, each with its phase; order within a phase is kept. */
  readonly plan: (section: Section, context: PlanContext) => readonly Step[];
  /**
   * What the plan leaves out or weakens on this host because the caller allowed that, by its name in `Outcome.enforced`. What is
   * in the plan itself is named by {@link Step.enforces}.
   */
  readonly degradations?: (section: Section, context: PlanContext) => Readonly<Record<string, Enforcement>>;
  /** What will fail on this host, before anything is tried; a start refuses when there is any. */
  readonly check?: (section: Section, context: PlanContext) => readonly Warning[];
  /** What Node does around a start of this section; undefined when there is nothing to do, which costs the start nothing. */
  readonly effects?: (section: Section) => PartEffects | undefined;
}

/** A part whose section and verbs don't matter: what lists of parts hold. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of parts is heterogeneous by nature; sections are only ever handed back to the part that made them.
export type AnyPart = Part<string, any, any>;
