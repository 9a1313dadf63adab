/** A file with given content: written into the store, seen by a read-only bind of it. */
import type { Step } from '@haco/plan';
import { planAttributes } from '../attributes.js';
import { contentOf } from '../contents.js';
import type { FileEntry } from '../section.js';
import { planFileMount } from '../store.js';
import { planAttach } from '../target.js';
import { entryStep, targetOf, type EntryContext } from './entry-steps.js';

/** The step. */
export function planFile(entry: FileEntry, context: EntryContext): Step {
  const { situation, index } = context;
  const [mount, ...copy] = planFileMount(situation, index);
  const attributes = { readonly: true, nosuid: true, nodev: true };
  return entryStep(context, {
    id: `mounts.file.${String(index)}`,
    label: `show ${String(contentOf(entry).length)} bytes as the file ${entry.target}, read-only`,
    why: 'the content is in memory of the container only: no file of the host is made or changed for it',
    operations: [
      ...copy,
      ...planAttributes({ mount, attributes, recursive: false }),
      ...planAttach(situation, mount, targetOf(context, entry.target, 'file')),
    ],
    source: 'open_tree(2)',
    requires: ['mount_setattr'],
  });
}
