/** The groups that a process is in, as `/proc/self/cgroup` lists them. */

export interface CgroupMembership {
  /** Controllers of a v1 hierarchy (`cpu`, `cpuacct`) or its name (`name=systemd`); empty for v2. */
  readonly controllers: readonly string[];
  /** The group, relative to the root of the cgroup namespace; `/../x` when it lies outside of that. */
  readonly path: string;
}

/**
 * One entry per hierarchy.
 *
 * @see cgroups(7)
 */
export function parseCgroupMembership(text: string): readonly CgroupMembership[] {
  return text.split('\n').flatMap((line) => {
    // A path may contain colons: user@1000.service/app.slice/app-a:b.scope.
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    // The kernel's mark for a group that was removed while the process was in it.
    const clean = path.replace(/ \(deleted\)$/, '');
    return [{ controllers: controllers === '' ? [] : controllers.split(','), path: clean }];
  });
}
