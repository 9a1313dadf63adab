/** Options of a mount, in words of haco. */
import { quote } from '@haco/core';
import type { Propagation } from '@haco/mounts';
import type { Import } from './import.js';

type Attribute = 'readonly' | 'nosuid' | 'nodev' | 'noexec' | 'nosymfollow' | 'noatime' | 'strictatime' | 'nodiratime';

/** What the options of one mount say. */
export interface MountWords {
  readonly bind: 'bind' | 'rbind' | undefined;
  /** Missing: private, as all mounts of haco. */
  readonly propagation: Exclude<Propagation, 'private'> | undefined;
  /** With the owners that the container's user namespace gives. */
  readonly idmap: 'idmap' | 'ridmap' | undefined;
  readonly attributes: Readonly<Partial<Record<Attribute, true>>>;
  /** Restrictions that are asked of the topmost mount only. */
  readonly topmost: readonly string[];
  /** Options of the filesystem itself. */
  readonly data: readonly { readonly text: string; readonly index: number }[];
  /** Index of `tmpcopyup`. */
  readonly copyUp: number | undefined;
}

/** Which attribute an option sets or clears; with an `r` in front the same of the mounts below. */
const attributeWords: ReadonlyMap<string, readonly [Attribute, boolean]> = new Map([
  ['ro', ['readonly', true]],
  ['rw', ['readonly', false]],
  ['nosuid', ['nosuid', true]],
  ['suid', ['nosuid', false]],
  ['nodev', ['nodev', true]],
  ['dev', ['nodev', false]],
  ['noexec', ['noexec', true]],
  ['exec', ['noexec', false]],
  ['nosymfollow', ['nosymfollow', true]],
  ['symfollow', ['nosymfollow', false]],
  ['noatime', ['noatime', true]],
  ['atime', ['noatime', false]],
  ['strictatime', ['strictatime', true]],
  ['nostrictatime', ['strictatime', false]],
  ['nodiratime', ['nodiratime', true]],
  ['diratime', ['nodiratime', false]],
]);

/** What the kernel does anyway. */
const defaults = new Set([
  'defaults',
  'relatime',
  'rrelatime',
  'async',
  'nolazytime',
  'norelatime',
  'rnorelatime',
  'loud',
]);

/** Options that would be something else to the kernel than data, and that haco doesn't have. */
const missing = new Set('acl noacl mand nomand iversion noiversion silent remount'.split(' '));

const propagations = new Set(['private', 'slave', 'shared', 'unbindable']);

/** The later of two that contradict each other counts. */
export function readMountOptions(options: readonly string[], at: string, into: Import): MountWords {
  let bind: MountWords['bind'];
  let propagation: MountWords['propagation'];
  let idmap: MountWords['idmap'];
  const attributes = new Map<Attribute, { readonly text: string; readonly recursive: boolean }>();
  const data: { text: string; index: number }[] = [];
  let copyUp: number | undefined;
  options.forEach((text, index) => {
    const bare = text.startsWith('r') ? text.slice(1) : text;
    const [attribute, on] = attributeWords.get(text) ?? attributeWords.get(bare) ?? [];
    if (attribute !== undefined) {
      if (on === true) attributes.set(attribute, { text, recursive: !attributeWords.has(text) });
      else attributes.delete(attribute);
    } else if (text === 'bind' || text === 'rbind') bind = text;
    else if (propagations.has(text) || propagations.has(bare)) {
      const word = (propagations.has(text) ? text : bare) as Propagation;
      propagation = word === 'private' ? undefined : word;
    } else if (text === 'idmap' || text === 'ridmap') idmap = text;
    else if (text === 'tmpcopyup') copyUp = index;
    else if (missing.has(text)) into.differs(`${at}[${String(index)}]`, `haco has no word for ${quote(text)}`);
    else if (!defaults.has(text)) data.push({ text, index });
  });
  const topmost = [...attributes.values()].filter(({ recursive }) => !recursive).map(({ text }) => text);
  const names = [...attributes.keys()].map((name) => [name, true] as const);
  return { bind, propagation, idmap, attributes: Object.fromEntries(names), topmost, data, copyUp };
}
