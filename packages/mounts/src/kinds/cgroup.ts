/** cgroup: the hierarchies of the host as the container's cgroup namespace shows them, read-only. */
import { flags, slot, syscall, type Operation } from '@haco/plan';
import { planAttributes } from '../attributes.js';
import { AT_FDCWD, mode, openTreeFlags } from '../constants.js';
import { planFilesystem } from '../filesystem.js';
import type { MountAttributes } from '../section.js';
import type { Situation } from '../situation.js';
import { planAttach, planAttachIn, type Target } from '../target.js';
import { needsOwn, type IndependentKind } from './kind.js';

const attributes: MountAttributes = { readonly: true, nosuid: true, nodev: true, noexec: true };

interface Hierarchy {
  readonly name: string;
  readonly controllers: readonly string[];
  readonly mountPoint: string;
}

/** The container's path in each hierarchy, where nothing else shows it alone. */
function ownPath({ has, cgroupPath }: Situation): string | undefined {
  return has('cgroup') ? undefined : cgroupPath;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The v1 hierarchies, each with all controllers that are mounted together: fewer would ask for a new hierarchy. */
function hierarchiesOf({ host }: Situation): readonly Hierarchy[] {
  const byMount = new Map<string, string[]>();
  for (const [controller, { mountPoint }] of Object.entries(host.cgroups.v1)) {
    byMount.set(mountPoint, [...(byMount.get(mountPoint) ?? []), controller]);
  }
  return [...byMount].map(([mountPoint, controllers]) => ({ name: baseName(mountPoint), controllers, mountPoint }));
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
function planBound(situation: Situation, name: string, path: string): readonly Operation[] {
  const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return [
    syscall('mkdirat', [slot(directory), name, mode(0o755)]),
    syscall('open_tree', [AT_FDCWD, path, clone], { save: 'mounts.new' }),
    ...planAttributes({ mount: 'mounts.new', attributes, recursive: false }),
    ...planAttachIn(situation, 'mounts.new', directory, name),
  ];
}

function planIn(
  situation: Situation,
  name: string,
  type: string,
  options: readonly (readonly [string, string | true])[],
): readonly Operation[] {
  return [
    syscall('mkdirat', [slot(directory), name, mode(0o755)]),
    ...planFilesystem({ type, options, attributes, save: 'mounts.new' }),
    ...planAttachIn(situation, 'mounts.new', directory, name),
  ];
}

/** v1: one directory for each hierarchy on a tmpfs, with links for controllers that share one. */
function planSeveral(situation: Situation, target: Target): readonly Operation[] {
  const hierarchies = hierarchiesOf(situation);
  const own = ownPath(situation);
  const { v2 } = situation.host.cgroups;
  const links = hierarchies.flatMap(({ name, controllers }) =>
    controllers
      .filter((controller) => controller !== name && !isNamed(controller))
      .map((controller) => [name, controller] as const),
  );
  const { readonly: _, ...writable } = attributes;
  return [
    ...planFilesystem({ type: 'tmpfs', options: [['mode', '0755']], attributes: writable, save: directory }),
    ...planAttach(situation, directory, target),
    ...hierarchies.flatMap((hierarchy) =>
      own === undefined
        ? planIn(situation, hierarchy.name, 'cgroup', optionsOf(hierarchy))
        : planBound(situation, hierarchy.name, `${hierarchy.mountPoint}${own}`),
    ),
    ...(v2 === undefined
      ? []
      : own === undefined
        ? planIn(situation, 'unified', 'cgroup2', [])
        : planBound(situation, 'unified', `${v2.mountPoint}${own}`)),
    ...links.map(([name, controller]) => syscall('symlinkat', [name, slot(directory), controller])),
    ...planAttributes({ mount: directory, attributes: { readonly: true }, recursive: false }),
  ];
}

function planV2(situation: Situation): readonly Operation[] {
  const own = ownPath(situation);
  if (own === undefined) return planFilesystem({ type: 'cgroup2', attributes, save: 'mounts.new' });
  const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
  return [
    syscall('open_tree', [AT_FDCWD, `${situation.host.cgroups.v2?.mountPoint ?? ''}${own}`, clone], {
      save: 'mounts.new',
    }),
    ...planAttributes({ mount: 'mounts.new', attributes, recursive: false }),
  ];
}

export const cgroup: IndependentKind = {
  target: '/sys/fs/cgroup',
  what: 'the cgroup hierarchies, read-only',
  why: 'programs read their own limits there; with a cgroup namespace their group looks like the root, and writing would let them lift their limits (CVE-2022-0492)',
  source: 'cgroups(7)',
  throwAway: false,
  plan: (situation, target) =>
    situation.host.cgroups.mode === 'v2'
      ? [...planV2(situation), ...planAttach(situation, 'mounts.new', target)]
      : planSeveral(situation, target),
  check: (situation) =>
    situation.host.cgroups.mode === 'none'
      ? [
          {
            kind: 'unsupported',
            message: 'No cgroup hierarchy is mounted on this host; leave out independent("cgroup").',
          },
        ]
      : needsOwn('cgroup', 'cgroup')(situation),
};
