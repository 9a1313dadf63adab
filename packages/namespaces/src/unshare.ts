/** New namespaces: which kinds the clone makes, and which must be made before or after it. */
import {
  isKernelAtLeast,
  flags,
  listWords,
  syscall,
  type NamespaceKind,
  type Need,
  type PlanContext,
  type Step,
} from '@haco/plan';
import { cloneFlags, kindsInOrder, rowOf } from './kinds.js';
import type { NamespacesSection } from './section.js';

/** Where a new namespace of each kind is made. */
export interface MakingPlaces {
  /** By the launcher, for its children: before the clone. */
  readonly before: readonly NamespaceKind[];
  readonly clone: readonly NamespaceKind[];
  /** By the container's process itself. */
  readonly after: readonly NamespaceKind[];
}

/** Whether the launcher may make namespaces before the clone; if not, only a new user namespace gives the right, in the clone. */
export function launcherMayUnshare(section: NamespacesSection, { host }: PlanContext): boolean {
  return host.capabilities.includes('sys_admin') || section.enter.some(({ kind }) => kind === 'user');
}

function placeOf(kind: NamespaceKind, section: NamespacesSection, context: PlanContext): keyof MakingPlaces {
  if (kind === 'cgroup' && context.facts.joinsCgroupLate) return 'after';
  // Offsets can only be written while the new time namespace is empty. And CLONE_NEWTIME shares its bit with the exit signal
  // of the old clone(2), which is why clone3(2) refused it before Linux 6.3.
  const early = section.timeOffsets !== undefined || !isKernelAtLeast(context.host.kernel, '6.3');
  if (kind === 'time' && early && launcherMayUnshare(section, context)) return 'before';
  return 'clone';
}

/** Sort the new namespaces by the place where they are made. */
export function placesOf(section: NamespacesSection, context: PlanContext): MakingPlaces {
  const kinds = kindsInOrder.filter((kind) => section.unshare.includes(kind));
  const at = (place: keyof MakingPlaces): readonly NamespaceKind[] =>
    kinds.filter((kind) => placeOf(kind, section, context) === place);
  return { before: at('before'), clone: at('clone'), after: at('after') };
}

/** What making namespaces needs: nothing, when a user namespace made with them owns them. */
export function needsOf(kinds: readonly NamespaceKind[], owned: boolean): readonly Need[] {
  const capability = kinds.map((kind) => rowOf(kind).capability).find((name) => name !== undefined);
  return capability === undefined ? [] : [{ capability, over: owned ? 'container' : 'host' }];
}

/** The clone: always there, since the container is always a process of its own. */
export function planClone(section: NamespacesSection, context: PlanContext): Step {
  const { clone } = placesOf(section, context);
  const owned = section.unshare.includes('user') || section.enter.some(({ kind }) => kind === 'user');
  const features = clone.flatMap((kind) => rowOf(kind).feature ?? []);
  const into = context.facts.cloneIntoCgroup;
  return {
    id: 'namespaces.clone',
    phase: 'clone',
    label:
      clone.length === 0
        ? "create the container's process"
        : `create the container's process in ${clone.length === 1 ? `a new ${listWords(clone)} namespace` : `new ${listWords(clone)} namespaces`}`,
    why:
      clone.length === 0
        ? context.facts.entered.length === 0
          ? 'the container shares every namespace with its caller, as nothing else was asked'
          : 'it is born into the namespaces that were joined, and no new ones were asked for'
        : clone.map((kind) => `${kind}: ${rowOf(kind).why}`).join('; '),
    operations: [
      {
        op: 'clone',
        flags: flags(cloneFlags, ...clone.map((kind) => rowOf(kind).flag)),
        ...(into === undefined ? {} : { cgroup: into }),
      },
    ],
    from: clone.length === 0 ? 'namespaces' : 'namespaces.unshare',
    needs: needsOf(clone, owned),
    requires: ['clone3', ...(into === undefined ? [] : ['clone_into_cgroup']), ...features],
    source: 'clone(2)',
  };
}

/** A cgroup namespace made by the container's process once it is in its cgroups. */
export function planLateUnshare(section: NamespacesSection, context: PlanContext): readonly Step[] {
  const { after } = placesOf(section, context);
  if (after.length === 0) return [];
  return [
    {
      id: 'namespaces.cgroup',
      phase: 'identity',
      label: 'create a new cgroup namespace',
      why: 'its root is the cgroup of this moment, so it can only be made after the container has entered its own',
      operations: [syscall('unshare', [flags(cloneFlags, ...after.map((kind) => rowOf(kind).flag))])],
      from: 'namespaces.unshare',
      needs: needsOf(after, section.unshare.includes('user')),
      source: 'cgroup_namespaces(7)',
    },
  ];
}
