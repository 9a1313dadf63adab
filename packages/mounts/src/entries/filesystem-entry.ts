/** A filesystem by its type, and tmpfs, the most common of them. */
import { formatBytes, plain, type Step } from '@haco/plan';
import { describeAttributes, planAttributes, propagationOf } from '../attributes.js';
import { planFilesystem } from '../filesystem.js';
import type { FilesystemEntry, TmpfsEntry } from '../section.js';
import { planAttach } from '../target.js';
import { entryStep, targetOf, type EntryContext } from './entry-steps.js';

/** `key=value,flag` as pairs. Values that contain commas can't be written so. */
export function optionsOf(data: string): readonly (readonly [string, string | true])[] {
  return data
    .split(',')
    .filter((option) => option !== '')
    .map((option) => {
      const equals = option.indexOf('=');
      return equals === -1 ? [option, true] : [option.slice(0, equals), option.slice(equals + 1)];
    });
}

/** Of these the kernel keeps one for each namespace: read-only for one container would be read-only for all that share it. */
const shared: ReadonlySet<string> = new Set(['proc', 'sysfs', 'mqueue', 'cgroup', 'cgroup2']);

/** The step of `mount(source, target, { type })`. */
export function planFilesystemEntry(entry: FilesystemEntry, context: EntryContext): Step {
  const { type, source, target, data = '' } = entry;
  const propagation = plain(propagationOf(entry.propagation));
  return entryStep(context, {
    id: `mounts.filesystem.${String(context.index)}`,
    label: `mount ${type} from ${source} on ${target}${describeAttributes(entry)}`,
    why: 'the filesystem is made with its restrictions and only then attached',
    operations: [
      ...planFilesystem({
        type,
        options: [
          ...(source === '' ? [] : [['source', source] as const]),
          // The filesystem too, not only this mount of it: a device may be write-protected.
          ...(entry.readonly === true && !shared.has(type) ? [['ro', true] as const] : []),
          ...optionsOf(data),
        ],
        attributes: entry,
        save: 'mounts.new',
      }),
      ...planAttributes(plain({ mount: 'mounts.new', attributes: {}, recursive: false, ...propagation })),
      ...planAttach(context.situation, 'mounts.new', targetOf(context, target, 'directory')),
    ],
    source: 'fsopen(2)',
    ...(propagation.propagation === undefined ? {} : { requires: ['mount_setattr'] }),
  });
}

/** The step of `tmpfs(target)`. */
export function planTmpfs(entry: TmpfsEntry, context: EntryContext): Step {
  const { target, size, mode } = entry;
  const most = size === undefined ? '' : ` of ${formatBytes(size)}`;
  return entryStep(context, {
    id: `mounts.tmpfs.${String(context.index)}`,
    label: `mount a new tmpfs${most} on ${target}${describeAttributes(entry)}`,
    why: 'what is written there stays in memory and ends with the container',
    operations: [
      ...planFilesystem({
        type: 'tmpfs',
        options: [
          ...(mode === undefined ? [] : [['mode', mode.toString(8).padStart(4, '0')] as const]),
          ...(size === undefined ? [] : [['size', String(size)] as const]),
        ],
        attributes: entry,
        save: 'mounts.new',
      }),
      ...planAttach(context.situation, 'mounts.new', targetOf(context, target, 'directory')),
    ],
    source: 'tmpfs(5)',
  });
}
