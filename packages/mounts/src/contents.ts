/** Contents of files, and where they are kept until they are seen. */
import { flags, openFlags, slot, syscall, type Operation } from '@haco/plan';
import { mode } from './constants.js';
import type { FileEntry, MountsSection } from './section.js';
import type { Situation } from './situation.js';

/** Slot of the store's root directory. */
export const store = 'mounts.store';

/** Name of an entry's content in the store. */
export function nameOf(index: number): string {
  return `file.${String(index)}`;
}

/** Bytes of the content. */
export function contentOf({ content }: FileEntry): Buffer {
  return 'text' in content ? Buffer.from(content.text, 'utf8') : Buffer.from(content.base64, 'base64');
}

/** Write all contents into the store. */
export function planContents({ entries }: MountsSection, { host }: Situation): readonly Operation[] {
  const open = flags(openFlags(host.arch), 'O_WRONLY', 'O_CREAT', 'O_EXCL', 'O_CLOEXEC');
  return entries.flatMap((entry, index) => {
    if (entry.kind !== 'file') return [];
    const bytes = contentOf(entry);
    return [
      syscall('openat', [slot(store), nameOf(index), open, mode(entry.mode ?? 0o644)], { save: 'mounts.file' }),
      ...(bytes.length === 0
        ? []
        : [
            syscall('write', [slot('mounts.file'), { bytes: bytes.toString('base64') }, bytes.length], {
              expect: bytes.length,
            }),
          ]),
      // Nobody may have it open for writing when its mount becomes read-only.
      syscall('close', [slot('mounts.file')]),
    ];
  });
}
