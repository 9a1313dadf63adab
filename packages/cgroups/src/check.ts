/** What will fail on a host, told before it is tried, with a way out. */
import { quote, type PlanContext, type Warning } from '@haco/plan';
import { hierarchiesOf, versionOf, type Hierarchy } from './hierarchy.js';
import { limitId } from './limit.js';
import type { CgroupsSection } from './section.js';
import { settingsOf, type Setting } from './settings.js';
import { spell } from './spell.js';

function asked({ enforces, key }: Setting): string {
  return enforces === key ? `cgroup(${quote(key)}, …)` : `${enforces}()`;
}

function checkSetting(setting: Setting, all: readonly Setting[], { host }: PlanContext): readonly Warning[] {
  const version = versionOf(setting.controller, host);
  const unsupported = (message: string): readonly Warning[] => [
    { step: limitId(setting.key), kind: 'unsupported', message },
  ];
  if (version === undefined) {
    return unsupported(
      `This host has no cgroup controller ${quote(setting.controller)}, which ${asked(setting)} needs; leave it out, or check with "cat /proc/cgroups" and the kernel's command line (cgroup_disable, cgroup_enable).`,
    );
  }
  if (spell(setting, version, all) === undefined) {
    return unsupported(
      `cgroup v${String(version)}, which this host uses for ${setting.controller}, can't express ${asked(setting)}; use a key of v${String(version)} instead.`,
    );
  }
  if (version === 1 && setting.controller === 'cpuset') {
    return unsupported(
      `${asked(setting)} needs a cpuset group whose parents have their CPUs and memory nodes set, which haco doesn't do on cgroup v1; leave it out, or start the program with taskset(1).`,
    );
  }
  return [];
}

function checkHierarchy(hierarchy: Hierarchy, { host }: PlanContext): readonly Warning[] {
  const { version, mount, base, controllers, id } = hierarchy;
  // A host without the controller has been reported already.
  if (!controllers.some((name) => versionOf(name, host) !== undefined)) return [];
  const permission = (message: string): readonly Warning[] => [
    { step: `cgroups.create.${id}`, kind: 'permission', message },
  ];
  const names = controllers.join(', ');
  if (!mount.writable) {
    if (host.euid === 0) {
      return permission(
        `Limits of ${names} need a group in ${base}, which is read-only here; mount it read-write with "mount -o remount,rw ${mount.mountPoint}".`,
      );
    }
    return permission(
      version === 1
        ? `Limits of ${names} need a group in ${base}, which only root may make; run it with sudo, or let root give you the directory.`
        : `Limits of ${names} need a group in ${base}, which isn't delegated to this user; start it with "systemd-run --user --scope -p Delegate=yes …", or run it with sudo.`,
    );
  }
  const isRootGroup = base === mount.mountPoint;
  const handedDown = controllers.every((name) => host.cgroups.v2?.subtreeControl.includes(name));
  if (version === 2 && host.euid !== 0 && !isRootGroup && !handedDown) {
    return permission(
      `${base} doesn't hand ${names} down to its children, and can't while processes are in it; start it in a delegated group of its own whose cgroup.subtree_control has them.`,
    );
  }
  return [];
}

/** All checks of this part. */
export function checkSection(section: CgroupsSection, context: PlanContext): readonly Warning[] {
  const all = settingsOf(section);
  return [
    ...all.flatMap((setting) => checkSetting(setting, all, context)),
    ...hierarchiesOf(section, context.host).flatMap((hierarchy) => checkHierarchy(hierarchy, context)),
  ];
}
