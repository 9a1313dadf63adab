/** Opening a path that may not lead everywhere: openat2(2) with its structure. */
import { flags, struct, syscall, type Arg, type Flags, type SyscallOperation } from './operation.js';

/** `resolve` of openat2(2). */
const resolveFlags = {
  RESOLVE_NO_XDEV: 0x01,
  RESOLVE_NO_MAGICLINKS: 0x02,
  RESOLVE_NO_SYMLINKS: 0x04,
  RESOLVE_BENEATH: 0x08,
  RESOLVE_IN_ROOT: 0x10,
} as const;

/** How a path is opened. */
export interface OpenHow {
  /** From the table of {@link openFlags}. */
  readonly open: Flags;
  readonly resolve: readonly (keyof typeof resolveFlags)[];
}

/**
 * The operation.
 *
 * @param directory - where a relative path begins
 *
 * @example
 * ```ts
 * import { flags, openat2, openFlags, slot } from '@haco/plan';
 * const open = flags(openFlags('x64'), 'O_PATH', 'O_CLOEXEC');
 * openat2(slot('root'), '/etc', { open, resolve: ['RESOLVE_IN_ROOT'] }, { save: 'etc' });
 * ```
 *
 * @see openat2(2)
 */
export function openat2(
  directory: Arg,
  path: string,
  { open, resolve }: OpenHow,
  rest: Parameters<typeof syscall>[2],
): SyscallOperation {
  const how = struct(
    { name: 'flags', type: 'u64', value: open },
    { name: 'mode', type: 'u64', value: 0 },
    { name: 'resolve', type: 'u64', value: flags(resolveFlags, ...resolve) },
  );
  return syscall('openat2', [directory, path, how, 24], rest);
}
