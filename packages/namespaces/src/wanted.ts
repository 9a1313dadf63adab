/** Namespaces that other parts can't do without: as if they had been asked for here. */
import { plain, type WantedNamespaces } from '@haco/plan';
import type { NamespacesSection } from './section.js';

/** The section with what others want. What was asked twice is there once. */
export function withWanted(section: NamespacesSection, wanted: WantedNamespaces | undefined): NamespacesSection {
  if (wanted === undefined) return section;
  return plain({
    ...section,
    unshare: [...new Set([...section.unshare, ...wanted.unshare])],
    enter: [...section.enter, ...wanted.enter],
  });
}
