/** Which addresses a container gets: those that it asked for, or the first free ones. */
import { ConflictError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { allocate, contains, formatAddress, parseAddress, parseSubnet } from './addresses.js';
import type { Attachment } from './attachment.js';
import type { BridgeMode } from './modes/bridge.js';

/** One address in each subnet of the bridge, in the order of the subnets. */
export function leaseAddresses(
  { name, subnets, addresses }: Pick<BridgeMode, 'name' | 'subnets' | 'addresses'>,
  attachments: readonly Attachment[],
): Result<readonly string[], HacoError> {
  const holders = new Map(
    attachments.flatMap(({ container, addresses: taken }) => taken.map((address) => [address, container] as const)),
  );
  const taken = new Set(holders.keys());
  const given: string[] = [];
  for (const text of subnets) {
    const subnet = parseSubnet(text)._unsafeUnwrap();
    const asked = addresses
      .map((address) => parseAddress(address)._unsafeUnwrap())
      .find((address) => contains(subnet, address));
    const address = asked ?? allocate(subnet, taken);
    if (address === undefined) {
      const remedy = `stop some of its ${String(attachments.length)} containers, or use a larger subnet`;
      return err(new ConflictError({ what: `last free address of the bridge ${name} in`, subject: text, remedy }));
    }
    const shown = formatAddress(address);
    const holder = holders.get(shown);
    if (holder !== undefined) {
      const remedy = `the container "${holder}" has it; choose another, or leave it out for a free one`;
      return err(new ConflictError({ what: 'address', subject: shown, remedy }));
    }
    given.push(shown);
  }
  return ok(given);
}
