/** A bridge on the host: containers reach each other, the host, and through address translation the world. */
import {
  missingRights,
  issue,
  optional,
  quote,
  readBoolean,
  readInteger,
  readList,
  readObject,
  readOneOf,
  readText,
  type Issue,
} from '@haco/plan';
import {
  contains,
  formatSubnet,
  isForContainers,
  overlap,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '../addresses.js';
import { attachBarrier } from '../barriers.js';
import { isInterfaceName } from '../interface-name.js';
import { planNoAdvertisements } from '../advertisements.js';
import { planLoopback } from '../loopback.js';
import type { PublishedPort } from '../section.js';
import { key, modePath, ownNamespace, type ModeRow } from './mode.js';

/** The container is connected to a bridge of the host. */
export interface BridgeMode {
  readonly kind: 'bridge';
  /** Name of the bridge; it is made when it isn't there. */
  readonly name: string;
  /** At most one of IPv4 and one of IPv6; the first address of each is the host's. */
  readonly subnets: readonly string[];
  /** Addresses of the container, at most one in each subnet; where there is none, a free one is allocated. */
  readonly addresses: readonly string[];
  /** No way out and none in: the containers of the bridge and the host only. */
  readonly internal: boolean;
  /** Who switches the forwarding of packets on, which a way out needs. */
  readonly forwarding: 'required' | 'enable';
  /** Largest packet in bytes. */
  readonly mtu?: number;
}

/** Options of {@link bridge}. */
export interface BridgeOptions {
  /** Name of the bridge, at most 15 characters; `haco0` when left out. It is made for the first container and goes with the last. */
  readonly name?: string;
  /** Ranges of the network, at most one of IPv4 and one of IPv6; `['10.213.0.0/16']` when left out. */
  readonly subnets?: readonly string[];
  /** The container's own address, or one of each family; a free one is allocated where none is given. */
  readonly address?: string | readonly string[];
  /** `true`: containers reach each other and the host, but nothing else, and nothing else reaches them. */
  readonly internal?: boolean;
  /**
   * A way out, and ports that others reach, need a host that forwards packets (`net.ipv4.ip_forward`, and
   * `net.ipv6.conf.all.forwarding` for IPv6). `'required'`, which is meant when it is left out: a start is refused with the command
   * that switches it on. `'enable'`: haco switches it on, for the whole host and for good, as Docker does; where interfaces learn routes from
   * IPv6 routers, it also sees to it that they go on doing so (`accept_ra` becomes 2).
   */
  readonly forwarding?: 'required' | 'enable';
  /** Largest packet in bytes, from 1280; 1500 when left out. */
  readonly mtu?: number;
}

/** What is meant where options are left out. */
export const bridgeDefaults = {
  name: 'haco0',
  subnets: ['10.213.0.0/16'],
  internal: false,
  forwarding: 'required',
} as const;

/**
 * A network of the host's own: a bridge, a pair of virtual interfaces for each container, address translation on the way out.
 * Needs root, and the programs `ip` and `nft`.
 *
 * @example
 * ```ts
 * import { bridge, haco } from '@haco/core';
 * const web = haco().name('web').network(bridge({ address: '10.213.0.10', forwarding: 'enable' })).publish(8080, 80);
 * ```
 */
export function bridge(options: BridgeOptions = {}): BridgeMode {
  const { name = bridgeDefaults.name, subnets = bridgeDefaults.subnets, address = [], mtu } = options;
  return {
    kind: 'bridge',
    name,
    subnets,
    addresses: typeof address === 'string' ? [address] : address,
    internal: options.internal ?? bridgeDefaults.internal,
    forwarding: options.forwarding ?? bridgeDefaults.forwarding,
    ...(mtu === undefined ? {} : { mtu }),
  };
}

/** The smallest subnet that has a place for the host and for one container. */
const longestPrefix = { 4: 30, 6: 126 } as const;

function validateSubnets(subnets: readonly string[]): readonly Issue[] {
  const path = `${modePath}.subnets`;
  if (subnets.length === 0) return [issue(path, 'names no subnet; write e.g. ["10.213.0.0/16"]')];
  return subnets.flatMap((text, index) => {
    const at = `${path}[${String(index)}]`;
    return parseSubnet(text).match(
      (subnet) => {
        if (subnet.prefix > longestPrefix[subnet.family]) {
          return [
            issue(
              at,
              `${quote(text)} has no place for a container; use a prefix of at most ${String(longestPrefix[subnet.family])}`,
            ),
          ];
        }
        const reserved = reservedRange(subnet);
        if (reserved !== undefined)
          return [issue(at, `${quote(text)} overlaps with ${reserved}, which no container can have`)];
        const again = subnets.slice(0, index).some((other) => other.includes(':') === text.includes(':'));
        return again
          ? [issue(at, `a bridge has one subnet of IPv${String(subnet.family)}; leave out ${quote(text)}`)]
          : [];
      },
      (message) => [issue(at, message)],
    );
  });
}

const reserved = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/96', 'fe80::/10', 'ff00::/8'];

function reservedRange(subnet: Subnet): string | undefined {
  return reserved.find((text) => overlap(parseSubnet(text)._unsafeUnwrap(), subnet));
}

function validateAddresses({ addresses, subnets }: BridgeMode): readonly Issue[] {
  const ranges = subnets.flatMap((text) =>
    parseSubnet(text)
      .map((subnet) => [subnet])
      .unwrapOr([]),
  );
  return addresses.flatMap((text, index) => {
    const at = `${modePath}.addresses[${String(index)}]`;
    return parseAddress(text).match(
      (address) => {
        const range = ranges.find((subnet) => contains(subnet, address));
        if (range === undefined) {
          return [issue(at, `${quote(text)} lies in none of the subnets ${subnets.map(quote).join(', ')}`)];
        }
        if (!isForContainers(range, address)) {
          return [
            issue(
              at,
              `${quote(text)} is the subnet's own, the host's or the broadcast address of ${formatSubnet(range)}; choose another`,
            ),
          ];
        }
        const again = addresses.slice(0, index).some((other) => other.includes(':') === text.includes(':'));
        return again
          ? [
              issue(
                at,
                `a container has one address of IPv${String(address.family)} on a bridge; leave out ${quote(text)}`,
              ),
            ]
          : [];
      },
      (message) => [issue(at, message)],
    );
  });
}

function validatePorts({ internal, subnets }: BridgeMode, ports: readonly PublishedPort[]): readonly Issue[] {
  return ports.flatMap(({ address }, index) => {
    const at = `${key}.ports[${String(index)}]`;
    if (internal) return [issue(at, 'nothing leads into an internal network; leave out internal, or publish()')];
    if (address === undefined || parseAddress(address).isErr()) return [];
    const family = address.includes(':') ? 6 : 4;
    if (address === '::1') {
      return [
        issue(
          `${at}.address`,
          'the kernel translates no addresses of "::1"; publish on "127.0.0.1", or on an address of the host',
        ),
      ];
    }
    return subnets.some((text) => (text.includes(':') ? 6 : 4) === family)
      ? []
      : [
          issue(
            `${at}.address`,
            `${quote(address)} is of IPv${String(family)}, and the bridge has no subnet of it; add one to subnets`,
          ),
        ];
  });
}

/** Lines that Node runs, as far as they are known before the start. */
function commandsOf({ name, mtu }: BridgeMode, ports: readonly PublishedPort[]): readonly string[] {
  const size = mtu === undefined ? '' : ` mtu ${String(mtu)}`;
  return [
    `ip link add name ${name} type bridge forward_delay 0   (unless it is there)`,
    `ip link add name <veth>${size} type veth peer name eth0${size} netns <child>`,
    `ip link set dev <veth> master ${name} up`,
    'nsenter --net=/proc/<child>/ns/net ip address add <address> dev eth0',
    'nsenter --net=/proc/<child>/ns/net ip link set dev eth0 up',
    'nsenter --net=/proc/<child>/ns/net ip route add default via <gateway>',
    `nft -j -f <rules>   (table inet haco: translation, isolation${ports.length === 0 ? '' : ', ports'})`,
  ];
}

export const bridgeRow: ModeRow<BridgeMode> = {
  read: readObject({
    kind: readOneOf(['bridge']),
    name: readText,
    subnets: readList(readText),
    addresses: readList(readText),
    internal: readBoolean,
    forwarding: readOneOf(['required', 'enable']),
    mtu: optional(readInteger),
  }),
  title: ({ name }) => `a bridge (${name})`,
  namespaces: () => ownNamespace,
  publishes: true,
  ownEtc: true,
  validate: (mode, facts, { ports }) => [
    ...(facts.entered.includes('net')
      ? [issue(modePath, 'a bridge connects a new net namespace; leave it out, or enter("net", …)')]
      : []),
    ...(isInterfaceName(mode.name)
      ? []
      : [
          issue(
            `${modePath}.name`,
            `${quote(mode.name)} is not a name of an interface; use 1 to 15 of A-Z a-z 0-9 _ . - and begin with a letter or digit`,
          ),
        ]),
    ...(mode.mtu === undefined || (mode.mtu >= 1280 && mode.mtu <= 65_535)
      ? []
      : [issue(`${modePath}.mtu`, `${String(mode.mtu)} is not between 1280 and 65535 bytes`)]),
    ...validateSubnets(mode.subnets),
    ...validateAddresses(mode),
    ...validatePorts(mode, ports),
  ],
  plan: (mode, { section, host }) => [
    {
      id: 'network.attach',
      phase: 'parent',
      label: `connect the container to the bridge ${mode.name}`,
      why: `its net namespace exists and nothing runs in it yet; Node takes an address${mode.addresses.length === 0 ? ' that is free' : ''}, connects it, and gives back what it took when the container has ended`,
      operations: [{ op: 'barrier', name: attachBarrier, does: commandsOf(mode, section.ports) }],
      from: modePath,
      needs: [{ capability: 'net_admin', over: 'host' }],
      source: 'veth(4)',
    },
    planNoAdvertisements(host),
    planLoopback(),
  ],
  check: (mode, { host: facts }) => {
    if (facts.capabilities.includes('net_admin')) return [];
    const { what, remedy } = missingRights(facts, 'net_admin');
    return [
      {
        step: 'network.attach',
        kind: 'permission',
        message: `Connecting to the bridge ${mode.name} changes the network of the host, which needs ${what}; ${remedy}, or use network(pasta()) or network(slirp()).`,
      },
    ];
  },
};
