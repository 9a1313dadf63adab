/** Capabilities in any spelling, and their numbers. */
import { capabilityNameOf, capabilityNames } from '@haco/plan';

/** Name of a capability, as in capabilities(7) without the prefix, in lower case; of one younger than the table, `cap_<number>`. */
export type CapabilityName = (typeof capabilityNames)[number] | `cap_${number}`;

type Named = (typeof capabilityNames)[number];

type Words<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Capitalize<First>}${Words<Rest>}`
  : Capitalize<Name>;

/** A name in any of the usual spellings: `net_raw`, `NET_RAW`, `cap_net_raw`, `CAP_NET_RAW`, `NetRaw`. */
export type CapabilityInput =
  CapabilityName | Uppercase<Named> | `cap_${Named}` | `CAP_${Uppercase<Named>}` | Words<Named>;

/** Capability sets have 64 bits. */
const maxNumber = 63;

/** The usual name for a name in any spelling, or for a number; undefined when there is no such capability. */
export function capabilityName(input: unknown): CapabilityName | undefined {
  if (typeof input !== 'string') return undefined;
  // Words that begin with capitals are joined by underscores first: NetRaw, CapNetRaw.
  const joined = /^(?:[A-Z][a-z]+)+$/.test(input) ? input.replace(/(?!^)[A-Z]/g, '_$&') : input;
  const bare = joined.toLowerCase().replace(/^cap_/, '');
  if (!/^(0|[1-9]\d?)$/.test(bare)) return capabilityNames.find((name) => name === bare);
  const number = Number(bare);
  if (number > maxNumber) return undefined;
  return capabilityNameOf(number);
}

/** The number of a capability in the kernel's sets. */
export function capabilityNumber(name: CapabilityName): number {
  const index = (capabilityNames as readonly string[]).indexOf(name);
  return index === -1 ? Number(name.slice('cap_'.length)) : index;
}

/** The bits of a set, as `/proc/PID/status` shows them. */
export function capabilityMask(names: readonly CapabilityName[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(capabilityNumber(name))), 0n);
}

/** The names of the bits of a set, by number; those younger than the table are called `cap_<number>`. */
export function capabilitiesOf(mask: bigint): readonly CapabilityName[] {
  return Array.from({ length: maxNumber + 1 }, (_, number) => number)
    .filter((number) => (mask & (1n << BigInt(number))) !== 0n)
    .map(capabilityNameOf);
}

export { capabilityNames };
