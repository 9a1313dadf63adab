/** A group at a path that somebody else has chosen, in every hierarchy of the host: how engines (podman, docker, containerd) place containers. */
import { isHostRoot, slot, syscall, type HostFacts, type Operation, type PlanContext, type Step } from '@haco/plan';
import { baseSlot, joinSlot } from './create.js';
import { cloneSlot, handedDown, isJoined, locate, type Hierarchy } from './locate.js';
import { AT_FDCWD, fileSlot, open, writeFile } from './operations.js';
import type { CgroupsSection } from './section.js';
import { settingsOf } from './settings.js';

const mode = { flags: ['0755'], value: 0o755 };

/** Bytes that a list of CPUs may have. */
const listBytes = 4096;

/** `/a/b` without its slash, and the groups above it: `a`, `a/b`. */
function prefixes(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

function lastOf(path: string): string {
  return prefixes(path).at(-1) ?? '';
}

/** Every hierarchy that can be written, with the settings that it takes: whoever looks for the container looks in any of them. */
export function exactHierarchies(section: CgroupsSection, host: HostFacts): readonly Hierarchy[] {
  const { v1, v2 } = host.cgroups;
  const used = new Map(
    locate(settingsOf(section), undefined, host).map((hierarchy) => [hierarchy.mount.mountPoint, hierarchy]),
  );
  const known = new Set<string>();
  const all: Hierarchy[] = [];
  for (const [name, mount] of Object.entries(v1)) {
    if (known.has(mount.mountPoint)) continue;
    known.add(mount.mountPoint);
    const settings = used.get(mount.mountPoint);
    // Where nothing is asked for, a hierarchy that can't be written is somebody else's.
    if (settings === undefined && !mount.writable) continue;
    const controllers = Object.keys(v1).filter((one) => v1[one]?.mountPoint === mount.mountPoint);
    const id = settings?.id ?? name.replace(/^name=/, '');
    all.push({
      id,
      version: 1,
      mount,
      controllers: settings?.controllers ?? controllers,
      settings: settings?.settings ?? [],
      base: mount.mountPoint,
      dir: `cgroups.dir.${id}`,
    });
  }
  if (v2 !== undefined) {
    const settings = used.get(v2.mountPoint);
    if (settings !== undefined || v2.writable) {
      all.push({
        id: 'v2',
        version: 2,
        mount: v2,
        controllers: settings?.controllers ?? [],
        settings: settings?.settings ?? [],
        base: v2.mountPoint,
        dir: cloneSlot,
      });
    }
  }
  return all;
}

/** What a new cpuset of v1 must have before anybody may enter it: that of the group above, where it is empty. */
function inheritCpuset(hierarchy: Hierarchy, path: string, arch: HostFacts['arch']): readonly Operation[] {
  const base = slot(baseSlot(hierarchy));
  return ['cpuset.cpus', 'cpuset.mems'].flatMap((name) =>
    prefixes(path).flatMap((group) => {
      const above = group.includes('/') ? `${group.slice(0, group.lastIndexOf('/'))}/${name}` : name;
      const content = `cgroups.exact.${name}`;
      return [
        syscall('openat', [base, `${group}/${name}`, open(arch, 'O_RDWR')], { save: fileSlot }),
        // One byte, the end of a line: it is empty. Anything else was chosen by somebody, and stays.
        syscall('read', [slot(fileSlot), { out: 'cgroups.exact.seen', size: listBytes }, listBytes], {
          expect: 1,
          tolerate: ['EIO'],
          skipOnTolerated: 4,
        }),
        syscall('openat', [base, above, open(arch, 'O_RDONLY')], { save: 'cgroups.exact.above' }),
        syscall('read', [slot('cgroups.exact.above'), { out: content, size: listBytes }, listBytes], { save: content }),
        syscall('write', [slot(fileSlot), { out: content, size: listBytes }, slot(content)]),
        syscall('close', [slot('cgroups.exact.above')]),
        syscall('close', [slot(fileSlot)]),
      ];
    }),
  );
}

/** Controllers that whoever reads statistics expects in a group of v2. */
const usual = ['cpuset', 'cpu', 'io', 'memory', 'pids'];

/** Of what is above the own group, only root may change anything. */
function mayHandDown(group: string, { mount: { ownGroup } }: Hierarchy, host: HostFacts): boolean {
  return (
    isHostRoot(host) || !`${ownGroup}/`.startsWith(`/${group === '' ? '' : `${group}/`}`) || ownGroup === `/${group}`
  );
}

/** On v2 each group above must hand the controllers down; those that nobody asked for may be missing. */
function handDown(hierarchy: Hierarchy, path: string, host: HostFacts): readonly Operation[] {
  const { arch } = host;
  const needed = handedDown(hierarchy.controllers);
  const base = slot(baseSlot(hierarchy));
  const above = ['', ...prefixes(path).slice(0, -1)].filter((group) => mayHandDown(group, hierarchy, host));
  return above.flatMap((group) => {
    const file = `${group === '' ? '' : `${group}/`}cgroup.subtree_control`;
    const optional = usual
      // On a hybrid host v1 has them.
      .filter((name) => !needed.includes(name) && host.cgroups.mode === 'v2')
      .flatMap((name) => tryWrite(arch, base, file, `+${name}`));
    return [
      ...(needed.length === 0 ? [] : writeFile(arch, base, file, needed.map((name) => `+${name}`).join(' '))),
      ...optional,
    ];
  });
}

function tryWrite(
  arch: HostFacts['arch'],
  base: { readonly slot: string },
  file: string,
  value: string,
): readonly Operation[] {
  return [
    syscall('openat', [base, file, open(arch, 'O_WRONLY')], { save: fileSlot }),
    syscall('write', [slot(fileSlot), value, value.length], { tolerate: ['EINVAL', 'ENOENT', 'EBUSY', 'EOPNOTSUPP'] }),
    syscall('close', [slot(fileSlot)]),
  ];
}

/** The step that makes the group at its path in one hierarchy, with all groups above it. */
export function planExact(path: string, hierarchy: Hierarchy, { host }: PlanContext): Step {
  const { arch } = host;
  const base = baseSlot(hierarchy);
  const group = lastOf(path);
  const isCpuset =
    hierarchy.version === 1 &&
    Object.hasOwn(host.cgroups.v1, 'cpuset') &&
    host.cgroups.v1['cpuset']?.mountPoint === hierarchy.mount.mountPoint;
  return {
    id: `cgroups.create.${hierarchy.id}`,
    phase: 'prepare',
    label: `make the group ${group} in ${hierarchy.base}`,
    why: 'an engine finds the container, its limits and what it uses by this path',
    from: 'cgroups.path',
    operations: [
      syscall('openat', [AT_FDCWD, hierarchy.base, open(arch, 'O_PATH', 'O_DIRECTORY')], { save: base }),
      // Those above are anybody's; one that is there already would be somebody else's.
      ...prefixes(path).map((each) =>
        syscall('mkdirat', [slot(base), each, mode], each === group ? {} : { tolerate: ['EEXIST'] }),
      ),
      ...(hierarchy.version === 2 ? handDown(hierarchy, path, host) : []),
      ...(isCpuset ? inheritCpuset(hierarchy, path, arch) : []),
      syscall('openat', [slot(base), group, open(arch, 'O_PATH', 'O_DIRECTORY')], { save: hierarchy.dir }),
      ...(isJoined(hierarchy, host)
        ? [
            syscall(
              'openat',
              [slot(hierarchy.dir), hierarchy.version === 1 ? 'tasks' : 'cgroup.procs', open(arch, 'O_WRONLY')],
              { save: joinSlot(hierarchy) },
            ),
          ]
        : []),
    ],
    source: 'cgroups(7)',
  };
}
