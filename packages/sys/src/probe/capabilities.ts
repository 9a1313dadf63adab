/** Names of the capabilities that a kernel knows, and of those in a mask. */
import { capabilityNameOf, capabilityNames } from '@haco/plan';
import type { HostReader } from './host-reader.js';

/** Names by number up to `cap_last_cap`; a capability younger than the table is called `cap_` and its number. */
export function knownCapabilities(last: number): readonly string[] {
  return Array.from({ length: last + 1 }, (_, number) => capabilityNameOf(number));
}

const PR_CAPBSET_READ = 23;

/** Number of the last capability of the kernel. */
export function lastCapability(host: HostReader): number {
  const told = host.read('/proc/sys/kernel/cap_last_cap')?.trim() ?? '';
  if (/^\d+$/.test(told)) return Number(told);
  // A /proc that hides its sysctls: the kernel refuses numbers that it doesn't know. No call at all: those of the table.
  const refused = Array.from({ length: 64 }, (_, number) => number).find(
    (number) => (host.call('prctl', PR_CAPBSET_READ, number, 0, 0, 0) ?? -1) < 0,
  );
  return refused === 0 ? capabilityNames.length - 1 : (refused ?? 64) - 1;
}

/** Names of the capabilities whose bits are set, by number. */
export function capabilitiesIn(mask: bigint, known: readonly string[]): readonly string[] {
  return known.filter((_, number) => (mask & (1n << BigInt(number))) !== 0n);
}
