/** The list of features: the only file that names every package of them. */
import { provisionPart, type ProvisionMethods, rootfsPart, type RootfsMethods } from '@haco/bootstrap';
import { caps, type CapsMethods } from '@haco/caps';
import { cgroups, type CgroupMethods } from '@haco/cgroups';
import { confineParts, type ConfineMethods } from '@haco/confine';
import { mounts, type MountMethods } from '@haco/mounts';
import { namespaces, type NamespaceMethods } from '@haco/namespaces';
import { network, type NetworkMethods } from '@haco/network';
import { type AnyPart, type Part, plain } from '@haco/plan';
import { rlimits, type RlimitMethods } from '@haco/rlimits';
import { checkpointPart, type CheckpointMethods } from './checkpoint/part.js';
import { control, type ControlMethods } from './control/part.js';
import { hooksPart, type HookMethods } from './hooks/part.js';
import { identity, type IdentityMethods } from './identity/part.js';
import { watchPart, type WatchMethods } from './watch/part.js';
import type { ProcessMethods } from './process/methods.js';
import { processPart } from './process/part.js';
import type { SupervisionMethods } from './supervise/methods.js';
import { supervision } from './supervise/part.js';

/**
 * In this order their steps of one phase run: groups are joined before a cgroup namespace is made, users change before their
 * capabilities do.
 */
export const builtInParts: readonly AnyPart[] = plain<readonly AnyPart[]>([
  identity,
  hooksPart,
  cgroups,
  // Before namespaces, which makes the net namespace that a network wants; its address is there before its files are mounted.
  network,
  namespaces,
  rootfsPart,
  provisionPart,
  mounts,
  processPart,
  rlimits,
  caps,
  ...confineParts,
  control,
  checkpointPart,
  supervision,
  watchPart,
]);

/** Keys of the built-in parts; those of third parties are any text. */
export type SectionName = (typeof builtInParts)[number]['key'] | (string & {});

/** The verbs of all built-in parts. */
export interface BuiltInMethods
  extends
    IdentityMethods,
    HookMethods,
    NamespaceMethods,
    NetworkMethods,
    RootfsMethods,
    ProvisionMethods,
    MountMethods,
    CgroupMethods,
    ProcessMethods,
    RlimitMethods,
    CapsMethods,
    ConfineMethods,
    ControlMethods,
    CheckpointMethods,
    SupervisionMethods,
    WatchMethods {}

/** The verbs that a list of parts adds. */
export type MethodsOf<Parts extends readonly AnyPart[]> = Parts extends readonly [
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- only the methods are looked at.
  Part<string, any, infer Methods>,
  ...infer Rest extends readonly AnyPart[],
]
  ? Methods & MethodsOf<Rest>
  : unknown;
