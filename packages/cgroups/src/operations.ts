/** The few calls that every step of this package is made of. */
import { flags, openFlags, slot, syscall, type Arg, type Flags, type HostFacts, type Operation } from '@haco/plan';

/** Directory argument of the `…at` calls for absolute paths. */
export const AT_FDCWD: Flags = { flags: ['AT_FDCWD'], value: -100 };

/** Makes unlinkat(2) remove directories. */
export const AT_REMOVEDIR: Flags = { flags: ['AT_REMOVEDIR'], value: 0x200 };

/** Asks fcntl(2) nothing but whether the descriptor is there. */
export const F_GETFD: Flags = { flags: ['F_GETFD'], value: 1 };

/** Slot of the file that is being read or written. */
export const fileSlot = 'cgroups.file';

/** Flags for openat(2), closed on exec. */
export function open(
  arch: HostFacts['arch'],
  ...names: readonly ('O_RDONLY' | 'O_WRONLY' | 'O_RDWR' | 'O_PATH' | 'O_DIRECTORY')[]
): Flags {
  return flags(openFlags(arch), ...names, 'O_CLOEXEC');
}

/** Write a whole value to a file of a directory. */
export function writeFile(arch: HostFacts['arch'], dir: Arg, file: string, value: string): readonly Operation[] {
  return [
    syscall('openat', [dir, file, open(arch, 'O_WRONLY')], { save: fileSlot }),
    syscall('write', [slot(fileSlot), value, value.length], { expect: value.length }),
    syscall('close', [slot(fileSlot)]),
  ];
}
