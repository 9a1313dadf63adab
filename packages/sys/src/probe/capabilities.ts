/** Names of the capabilities that a kernel knows, and of those in a mask. */
import { capabilityNameOf, capabilityNames } from '@haco/plan';

/** Names by number up to `cap_last_cap`; a capability younger than the table is called `cap_` and its number. */
export function knownCapabilities(last: number): readonly string[] {
  return Array.from({ length: last + 1 }, (_, number) => capabilityNameOf(number));
}

/** Number of the last capability of this table, for a kernel that doesn't say. */
export const lastCapability = capabilityNames.length - 1;

/** Names of the capabilities whose bits are set, by number. */
export function capabilitiesIn(mask: bigint, known: readonly string[]): readonly string[] {
  return known.filter((_, number) => (mask & (1n << BigInt(number))) !== 0n);
}
