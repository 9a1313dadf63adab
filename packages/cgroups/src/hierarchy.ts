/** Which hierarchies of a host a container's limits need, and where in them its groups are made. */
import type { HostFacts } from '@haco/plan';
import { enforceable } from './degrade.js';
import { locate, type Hierarchy } from './locate.js';
import { exactHierarchies } from './exact.js';
import type { CgroupsSection } from './section.js';

export { sharedParent } from './locate.js';

/** The hierarchies that a section needs on this host, in the order of its settings. */
export function hierarchiesOf(section: CgroupsSection, host: HostFacts): readonly Hierarchy[] {
  if (section.path !== undefined) return exactHierarchies(section, host);
  return locate(enforceable(section, host).settings, section.parent, host);
}
