/** Commands for `ip -batch`, as lines. */
import { parseSubnet } from './addresses.js';
import type { BridgeMode } from './modes/bridge.js';
import { gatewayText } from './rules.js';

function withPrefix(address: string, subnet: string): string {
  return `${address}/${String(parseSubnet(subnet)._unsafeUnwrap().prefix)}`;
}

function nodad(address: string): string {
  // Nobody else can have it: it was allocated. Without this, the first second of IPv6 is lost to a search for duplicates.
  return address.includes(':') ? ' nodad' : '';
}

/** What tells a bridge of haco's from one that was there before, also when nobody remembers it. */
export const bridgeAlias = 'haco';

/** Make the bridge; it is down, so that it can be set up before it says anything. */
export function makeBridge({ name }: Pick<BridgeMode, 'name'>): readonly string[] {
  return [`link add name ${name} type bridge forward_delay 0`, `link set dev ${name} alias ${bridgeAlias}`];
}

/** Give it the host's addresses, and switch it on. */
export function openBridge({ name, subnets }: Pick<BridgeMode, 'name' | 'subnets'>): readonly string[] {
  return [
    ...subnets.map((subnet) => {
      const gateway = gatewayText(subnet);
      return `address add ${withPrefix(gateway, subnet)} dev ${name}${nodad(gateway)}`;
    }),
    `link set dev ${name} up`,
  ];
}

/** Make the pair, one end in the container's namespace, the other on the bridge. */
export function makePair(bridge: string, veth: string, childPid: number, mtu?: number): readonly string[] {
  const size = mtu === undefined ? '' : ` mtu ${String(mtu)}`;
  return [
    `link add name ${veth}${size} type veth peer name eth0${size} netns ${String(childPid)}`,
    `link set dev ${veth} master ${bridge} up`,
  ];
}

/** Inside: the addresses, the interface, the way out. */
export function configureInside(
  { subnets, internal }: Pick<BridgeMode, 'subnets' | 'internal'>,
  addresses: readonly string[],
): readonly string[] {
  const subnetOf = (address: string): string | undefined =>
    subnets.find((subnet) => subnet.includes(':') === address.includes(':'));
  const known = addresses.flatMap((address) => {
    const subnet = subnetOf(address);
    return subnet === undefined ? [] : [{ address, subnet }];
  });
  return [
    ...known.map(({ address, subnet }) => `address add ${withPrefix(address, subnet)} dev eth0${nodad(address)}`),
    'link set dev eth0 up',
    ...(internal ? [] : known.map(({ subnet }) => `route add default via ${gatewayText(subnet)} dev eth0`)),
  ];
}
