/** Why a host can't enforce a limit, with a way out. */
import { isHostRoot, leafGroup, quote, type HostFacts, type Warning } from '@haco/plan';
import { keyNamed } from './controllers/index.js';
import { deviceProgramFile } from './controllers/devices.js';
import { handedDown, pathOf, v1NameOf, versionOf, type Hierarchy } from './locate.js';
import type { Setting } from './settings.js';
import { spell } from './spell.js';

/** What is wrong, without the step that it is about. */
export type Problem = Omit<Warning, 'step'>;

function names(controller: string): string {
  const v1 = v1NameOf(controller);
  return v1 === controller ? quote(controller) : `${quote(controller)} (${quote(v1)} on v1)`;
}

/** Why this host can't enforce a setting; undefined when it can, as far as is known before. */
export function settingProblem(setting: Setting, all: readonly Setting[], host: HostFacts): Problem | undefined {
  const { asked, controller, key } = setting;
  const version = versionOf(controller, host);
  if (version === undefined) {
    return {
      kind: 'unsupported',
      message: `This host has no cgroup controller ${names(controller)}, which ${asked} needs; leave it out, or check with "cat /proc/cgroups" and the kernel's command line (cgroup_disable, cgroup_enable).`,
    };
  }
  const writes = spell(setting, version, all);
  if (writes === undefined) {
    const instead = keyNamed(key)?.instead ?? `use a key of v${String(version)} instead`;
    return {
      kind: 'unsupported',
      message: `cgroup v${String(version)}, which this host uses for ${controller}, can't express ${asked}; ${instead}.`,
    };
  }
  const loads = writes.some(([file]) => file === deviceProgramFile);
  if (loads && !mayLoadPrograms(host)) {
    return {
      kind: 'permission',
      message: `On cgroup v2 ${asked} is a program in the kernel, which only root may load; run it with sudo, or leave it out: in a user namespace of its own the container has only the devices that are bound into it.`,
    };
  }
  return undefined;
}

/** The capability counts in the first user namespace only; an ordinary user may have been given it there. */
function mayLoadPrograms(host: HostFacts): boolean {
  return host.userNamespaces.uids === undefined && (host.euid === 0 || host.capabilities.includes('sys_admin'));
}

/** Why groups can't be made in a hierarchy; undefined when they can. */
export function hierarchyProblem(hierarchy: Hierarchy, host: HostFacts): Problem | undefined {
  const { version, mount, base, controllers } = hierarchy;
  // A host without the controller has been reported already.
  if (!controllers.some((name) => versionOf(name, host) !== undefined)) return undefined;
  const list = controllers.join(', ');
  if (!mount.writable) {
    if (isHostRoot(host)) {
      return {
        kind: 'permission',
        message: `Limits of ${list} need a group in ${base}, which is read-only here; mount it read-write with "mount -o remount,rw ${mount.mountPoint}".`,
      };
    }
    return {
      kind: 'permission',
      message:
        version === 1
          ? `Limits of ${list} need a group in ${base}, which only root may make; run it with sudo, or let root give you the directory.`
          : `Limits of ${list} need a group in ${base}, which isn't delegated to this user; start it with "systemd-run --user --scope -p Delegate=yes …", let it call moveSelfToScope() of @haco/cgroups, or run it with sudo.`,
    };
  }
  const missing = handedDown(controllers).filter((name) => !host.cgroups.v2?.subtreeControl.includes(name));
  // Only what is below the own group depends on what that hands down; root may work beside it.
  const own = pathOf(mount);
  const isRoot = own === mount.mountPoint && host.cgroups.v2?.top?.isRoot !== false;
  const isBelow = !isRoot && `${base}/`.startsWith(`${own}/`);
  if (version !== 2 || !isBelow || missing.length === 0 || host.cgroups.v2?.occupied === false) return undefined;
  return {
    kind: 'permission',
    message: `${own} doesn't hand ${missing.join(', ')} down to its children, and can't while processes are in it, by a rule of cgroup v2; haco moves none by itself: call moveSelfToLeaf() of @haco/cgroups, which moves them into ${leafGroup} below it, in a group of its own that "systemd-run --user --scope -p Delegate=yes …" makes.`,
  };
}
