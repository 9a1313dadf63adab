/** Flags of `openat(2)`: the only flag words of plans that differ between architectures. */
import type { HostFacts } from './host-facts.js';

const common = {
  O_RDONLY: 0,
  O_WRONLY: 0o1,
  O_RDWR: 0o2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
} as const;

const x64 = { ...common, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 } as const;
const arm64 = { ...common, O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 } as const;

/**
 * The table for {@link flags}.
 *
 * @example
 * ```ts
 * import { flags, openFlags } from '@haco/plan';
 * flags(openFlags('arm64'), 'O_PATH', 'O_DIRECTORY').value; // 0o10040000
 * ```
 *
 * @see open(2)
 */
export function openFlags(arch: HostFacts['arch']): Readonly<Record<keyof typeof x64, number>> {
  return arch === 'arm64' ? arm64 : x64;
}
