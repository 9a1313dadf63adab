/** The cgroup of a container that runs. */
import { containerDirs, Group, type CgroupsSection } from '@haco/cgroups';
import type { StartInput } from './start-input.js';

/** The group, where a limit asked for one. */
export function groupOf({ spec, runtime }: StartInput, name: string): Group | undefined {
  const section = spec['cgroups'] as CgroupsSection | undefined;
  if (section === undefined) return undefined;
  const dirs = containerDirs(name, section, runtime.host());
  return dirs.length === 0 ? undefined : new Group({ name, dirs });
}
