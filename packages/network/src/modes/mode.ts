/** What a network mode consists of; each file beside this one has one, `index.ts` lists them. */
import type { Issue, PlanContext, Reader, SharedFacts, Step, Warning, WantedNamespaces } from '@haco/plan';
import type { NetworkSection } from '../section.js';

/** Key of the part, at which all its paths begin. */
export const key = 'network';

/** Path of the mode in the spec. */
export const modePath = `${key}.mode`;

/** What is needed to plan a mode. */
export interface ModeContext extends PlanContext {
  readonly section: NetworkSection;
}

/** One network mode. */
export interface ModeRow<Mode> {
  /** Checks JSON from outside. */
  readonly read: Reader<Mode>;
  /** After "a container with …", e.g. `network("none")`. */
  readonly title: (mode: Mode) => string;
  /** The net namespace that it can't do without. */
  readonly namespaces: (mode: Mode) => WantedNamespaces;
  /** Whether ports can be published. */
  readonly publishes: boolean;
  /** Whether the container gets `resolv.conf` and `hosts` of its own, where it has a mount namespace. */
  readonly ownEtc: boolean;
  readonly validate: (mode: Mode, facts: SharedFacts, section: NetworkSection) => readonly Issue[];
  readonly plan: (mode: Mode, context: ModeContext) => readonly Step[];
  readonly check?: (mode: Mode, context: ModeContext) => readonly Warning[];
}

/** What a mode wants that gives the container a network of its own. */
export const ownNamespace: WantedNamespaces = { unshare: ['net'], enter: [] };

/** What a mode wants that leaves the namespaces as they were asked for. */
export const noNamespace: WantedNamespaces = { unshare: [], enter: [] };
