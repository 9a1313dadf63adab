/** cgroup: the hierarchies of the host as the container's cgroup namespace shows them, read-only unless asked otherwise. */
import { flags, isHostRoot, slot, syscall, type CgroupMount, type Operation } from '@haco/plan';
import { planAttributes } from '../attributes.js';
import { AT_FDCWD, mode, openTreeFlags } from '../constants.js';
import { planFilesystem } from '../filesystem.js';
import type { MountAttributes } from '../section.js';
import type { Situation } from '../situation.js';
import { planAttach, planAttachIn, type Target } from '../target.js';
import { needsOwn, type IndependentKind, type IndependentOptions } from './kind.js';

const restrictions: MountAttributes = { nosuid: true, nodev: true, noexec: true };

function attributesFor({ writable }: IndependentOptions): MountAttributes {
  return writable === true ? restrictions : { readonly: true, ...restrictions };
}

interface Hierarchy {
  readonly name: string;
  readonly controllers: readonly string[];
  readonly mount: CgroupMount;
}

type Path = (mount: CgroupMount) => string;

/** The directory of the container's group, where nothing else shows it alone. Where it has none of its own, it stays in its caller's. */
function ownPath({ has, cgroupPath, host }: Situation): Path | undefined {
  // What root of a user namespace is asked to show without a cgroup namespace, it may not mount anew.
  const isBound = cgroupPath !== undefined || (host.euid === 0 && !isHostRoot(host));
  if (has('cgroup') || !isBound) return undefined;
  return ({ mountPoint, ownGroup, writable }) => `${mountPoint}${writable ? (cgroupPath ?? ownGroup) : ownGroup}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The v1 hierarchies, each with all controllers that are mounted together: fewer would ask for a new hierarchy. */
function hierarchiesOf({ host }: Situation): readonly Hierarchy[] {
  const byMount = new Map<string, Hierarchy>();
  for (const [controller, mount] of Object.entries(host.cgroups.v1)) {
    const { mountPoint } = mount;
    const before = byMount.get(mountPoint)?.controllers ?? [];
    byMount.set(mountPoint, { name: baseName(mountPoint), controllers: [...before, controller], mount });
  }
  return [...byMount.values()];
}

const directory = 'mounts.cgroup';

/** Controllers as mount options; `name=systemd` is a hierarchy without any. */
function optionsOf({ controllers }: Hierarchy): readonly (readonly [string, string | true])[] {
  const named = controllers.filter(isNamed);
  const real = controllers.filter((controller) => !isNamed(controller));
  return [
    ...(real.length === 0 ? [['none', true] as const] : []),
    ...real.map((controller) => [controller, true] as const),
    ...named.map((name) => ['name', name.slice('name='.length)] as const),
  ];
}

function isNamed(controller: string): boolean {
  return controller.startsWith('name=');
}

/** Without a cgroup namespace a new mount would show the groups of all: the container's own directory is bound instead. */
function planBound(
  situation: Situation,
  name: string,
  { path, attributes }: { readonly path: string; readonly attributes: MountAttributes },
): readonly Operation[] {
  const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return [
    syscall('mkdirat', [slot(directory), name, mode(0o755)]),
    syscall('open_tree', [AT_FDCWD, path, clone], { save: 'mounts.new' }),
    ...planAttributes({ mount: 'mounts.new', attributes, recursive: false }),
    ...planAttachIn(situation, 'mounts.new', directory, name),
  ];
}

interface Filesystem {
  readonly type: string;
  readonly options: readonly (readonly [string, string | true])[];
  readonly attributes: MountAttributes;
}

function planIn(situation: Situation, name: string, filesystem: Filesystem): readonly Operation[] {
  return [
    syscall('mkdirat', [slot(directory), name, mode(0o755)]),
    ...planFilesystem({ ...filesystem, save: 'mounts.new' }),
    ...planAttachIn(situation, 'mounts.new', directory, name),
  ];
}

/** v1: one directory for each hierarchy on a tmpfs, with links for controllers that share one. */
function planSeveral(situation: Situation, target: Target, given: IndependentOptions): readonly Operation[] {
  const attributes = attributesFor(given);
  const hierarchies = hierarchiesOf(situation);
  const own = ownPath(situation);
  const { v2 } = situation.host.cgroups;
  const links = hierarchies.flatMap(({ name, controllers }) =>
    controllers
      .filter((controller) => controller !== name && !isNamed(controller))
      .map((controller) => [name, controller] as const),
  );
  return [
    ...planFilesystem({ type: 'tmpfs', options: [['mode', '0755']], attributes: restrictions, save: directory }),
    ...planAttach(situation, directory, target),
    ...hierarchies.flatMap((hierarchy) =>
      own === undefined
        ? planIn(situation, hierarchy.name, { type: 'cgroup', options: optionsOf(hierarchy), attributes })
        : planBound(situation, hierarchy.name, { path: own(hierarchy.mount), attributes }),
    ),
    ...(v2 === undefined
      ? []
      : own === undefined
        ? planIn(situation, 'unified', { type: 'cgroup2', options: [], attributes })
        : planBound(situation, 'unified', { path: own(v2), attributes })),
    ...links.map(([name, controller]) => syscall('symlinkat', [name, slot(directory), controller])),
    ...(given.writable === true
      ? []
      : planAttributes({ mount: directory, attributes: { readonly: true }, recursive: false })),
  ];
}

function planV2(situation: Situation, given: IndependentOptions): readonly Operation[] {
  const attributes = attributesFor(given);
  const own = ownPath(situation);
  const { v2 } = situation.host.cgroups;
  if (own === undefined || v2 === undefined) {
    return planFilesystem({ type: 'cgroup2', attributes, save: 'mounts.new' });
  }
  const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return [
    syscall('open_tree', [AT_FDCWD, own(v2), clone], { save: 'mounts.new' }),
    ...planAttributes({ mount: 'mounts.new', attributes, recursive: false }),
  ];
}

export const cgroup: IndependentKind = {
  target: '/sys/fs/cgroup',
  what: 'the cgroup hierarchies, read-only',
  why: 'programs read their own limits there; with a cgroup namespace their group looks like the root, and writing would let them lift their limits (CVE-2022-0492)',
  source: 'cgroups(7)',
  throwAway: false,
  plan: (situation, target, given) =>
    situation.host.cgroups.mode === 'v2'
      ? [...planV2(situation, given), ...planAttach(situation, 'mounts.new', target)]
      : planSeveral(situation, target, given),
  check: (situation) =>
    situation.host.cgroups.mode === 'none'
      ? [
          {
            kind: 'unsupported',
            message: 'No cgroup hierarchy is mounted on this host; leave out independent("cgroup").',
          },
        ]
      : // What is bound is nothing that a user namespace would have to own.
        ownPath(situation) === undefined
        ? needsOwn('cgroup', 'cgroup')(situation)
        : [],
};
