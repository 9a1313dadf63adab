/** Sections of a spec that are for haco alone: none of what they ask is in a configuration. */
import { isLiveJson, Live, type Spec } from '@haco/core';
import { saysNothing } from '../import/schema.js';
import type { Export } from './export.js';
import { representedSections } from './sections.js';

/** What does instead, or why not. */
const reasons: Readonly<Record<string, string>> = {
  control: 'no runtime watches it; Node does',
  hooks: 'hooks are functions of this program; those of a runtime are programs',
  watch: 'it is done by this program while the container runs',
  checkpoint: 'a runtime restores by a command of its own; haco-oci has none yet',
  supervision: 'a runtime only starts and stops containers; whoever uses it looks after them',
  keyring:
    'whether a container gets keyrings of its own is up to a runtime; runc makes them unless it is told --no-new-keyring',
  sideChannels: 'the specification has no word for it',
  landlock: 'the specification has no word for Landlock',
};

/** Report every field that says something, also those of parts that somebody else has written. */
export function reportOthers(spec: Spec, from: Export): void {
  for (const [key, section] of Object.entries(spec)) {
    if (key === 'version' || Object.hasOwn(representedSections, key)) continue;
    const reason = reasons[key] ?? 'the specification has no such part';
    for (const path of saying(section)) from.missing(`${key}${path}`, reason);
  }
}

/** The fields of a section that say something: each item of a list, each field that isn't a list. */
export function saying(section: unknown): readonly string[] {
  if (typeof section !== 'object' || section === null) return saysNothing(section) ? [] : [''];
  return Object.entries(section).flatMap(([field, value]: [string, unknown]) => {
    if (Array.isArray(value)) return value.map((_, index) => `.${field}[${String(index)}]`);
    if (value instanceof Live || isLiveJson(value)) return [`.${field}`];
    return saysNothing(value) ? [] : [`.${field}`];
  });
}
