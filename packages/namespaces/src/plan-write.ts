/** The operations that write a small file of /proc. */
import { flags, openFlags, slot, syscall, type HostFacts, type Operation } from '@haco/plan';
import { AT_FDCWD } from './constants.js';

/** Length in bytes, as the kernel counts it. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Open, write at once, close. A relative path starts at the directory that `directory` holds. */
export function planWrite(host: HostFacts, path: string, text: string, directory?: string): readonly Operation[] {
  const file = 'namespaces.file';
  const at = directory === undefined ? AT_FDCWD : slot(directory);
  const bytes = byteLength(text);
  return [
    syscall('openat', [at, path, flags(openFlags(host.arch), 'O_WRONLY', 'O_CLOEXEC'), 0], { save: file }),
    // Such files take their whole content from a single write; after a short one half of it would count.
    syscall('write', [slot(file), text, bytes], { expect: bytes }),
    syscall('close', [slot(file)]),
  ];
}
