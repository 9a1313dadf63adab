/** Secure bits: how far root is still special to the kernel. */
import { isKernelAtLeast, type HostFacts } from '@haco/plan';

/** Number of each bit in linux/securebits.h; the bit that locks it is the next one. */
const bits = {
  noroot: 0,
  no_setuid_fixup: 2,
  keep_caps: 4,
  no_cap_ambient_raise: 6,
  exec_restrict_file: 8,
  exec_deny_interactive: 10,
} as const;

type Bit = keyof typeof bits;

/**
 * A secure bit, or its `_locked` variant, after which the bit can't be changed any more.
 *
 * | bit | meaning |
 * | --- | --- |
 * | `noroot` | user 0 gains nothing by `execve(2)`, and set-uid-root programs neither |
 * | `no_setuid_fixup` | a change from or to user 0 leaves the sets as they are |
 * | `keep_caps` | the permitted set survives a change away from user 0; cleared by `execve(2)` |
 * | `no_cap_ambient_raise` | nothing can be added to the ambient set |
 * | `exec_restrict_file` | script interpreters are asked to run only what could be executed (Linux 6.14) |
 * | `exec_deny_interactive` | script interpreters are asked to read no commands but from files (Linux 6.14) |
 */
export type SecureBit = Bit | `${Bit}_locked`;

/** Number of every secure bit, also of those that lock. */
export const secureBits = Object.fromEntries(
  Object.entries(bits).flatMap(([name, number]) => [
    [name, number],
    [`${name}_locked`, number + 1],
  ]),
) as Readonly<Record<SecureBit, number>>;

/** The usual name for a name in any spelling (`SECBIT_NOROOT`, `noroot`); undefined when there is no such bit. */
export function secureBitName(input: unknown): SecureBit | undefined {
  if (typeof input !== 'string') return undefined;
  const bare = input.toLowerCase().replace(/^sec(bit|ure)_/, '');
  return Object.hasOwn(secureBits, bare) ? (bare as SecureBit) : undefined;
}

/** Bits that the kernel of the host is too old for. */
export function unknownSecureBits(asked: readonly SecureBit[], { kernel }: HostFacts): readonly SecureBit[] {
  return isKernelAtLeast(kernel, '6.14') ? [] : asked.filter((bit) => bit.startsWith('exec_'));
}
