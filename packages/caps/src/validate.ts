/** What the kernel would refuse whatever the host: sets that lie outside of one another. */
import { issue, type Issue } from '@haco/plan';
import type { CapabilityName } from './names.js';
import type { CapabilitySetName, CapsSection } from './section.js';

/** Whether a capability is in a set, as far as the section decides that. */
function isIn(section: CapsSection, set: CapabilitySetName, name: CapabilityName): boolean {
  const asked = section.sets?.[set];
  if (asked !== undefined) return asked === 'all' || asked.includes(name);
  const { keep = 'all', drop = [] } = section;
  return (keep === 'all' || keep.includes(name)) && !drop.includes(name);
}

function outside(section: CapsSection, inner: CapabilitySetName, outer: CapabilitySetName): readonly Issue[] {
  const asked = section.sets?.[inner];
  if (asked === undefined || asked === 'all') return [];
  return asked.flatMap((name, index) =>
    isIn(section, outer, name)
      ? []
      : [issue(`caps.sets.${inner}[${String(index)}]`, `${name} can't be ${inner} without being ${outer}`)],
  );
}

/** All problems. */
export function validateSection(section: CapsSection): readonly Issue[] {
  return [
    ...outside(section, 'effective', 'permitted'),
    ...outside(section, 'ambient', 'permitted'),
    // What isn't said to be inheritable follows the ambient set.
    ...(section.sets?.inheritable === undefined ? [] : outside(section, 'ambient', 'inheritable')),
  ];
}
