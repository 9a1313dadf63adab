/** The nftables table of haco as JSON for `nft -j`: always whole, made from what is connected, replaced in one transaction. */
import { gatewayOf, formatAddress, parseSubnet, type Subnet } from './addresses.js';
import type { Attachment, KnownBridge } from './attachment.js';
import type { PublishedPort } from './section.js';

/** Name of the table, in family `inet`: nothing outside of it is ever touched. */
export const tableName = 'haco';

const table = { family: 'inet', table: tableName } as const;

/** One expression of a rule, as libnftables-json(5) has it. */
type Expression = Readonly<Record<string, unknown>>;

interface Rule {
  readonly chain: string;
  readonly comment: string;
  readonly expr: readonly Expression[];
}

const match = (left: unknown, right: unknown, op = '=='): Expression => ({ match: { op, left, right } });
const meta = (metaKey: string): unknown => ({ meta: { key: metaKey } });
const payload = (protocol: string, field: string): unknown => ({ payload: { protocol, field } });
const from = (name: string): Expression => match(meta('iifname'), name);
const to = (name: string): Expression => match(meta('oifname'), name);
const notTo = (name: string): Expression => match(meta('oifname'), name, '!=');
const isDnat: Expression = match({ ct: { key: 'status' } }, 'dnat', 'in');
const accept: Expression = { accept: null };
const drop: Expression = { drop: null };
const masquerade: Expression = { masquerade: null };

function ipOf(subnet: Subnet): 'ip' | 'ip6' {
  return subnet.family === 4 ? 'ip' : 'ip6';
}

function inSubnet(subnet: Subnet, field: 'saddr' | 'daddr', op = '=='): Expression {
  const prefix = { prefix: { addr: formatAddress(subnet), len: subnet.prefix } };
  return match(payload(ipOf(subnet), field), prefix, op);
}

function rulesOfBridge(bridge: KnownBridge, others: readonly string[]): readonly Rule[] {
  const { name, internal } = bridge;
  const subnets = bridge.subnets.map((text) => parseSubnet(text)._unsafeUnwrap());
  const forward = (...expr: readonly Expression[]): Rule => ({ chain: 'forward', comment: name, expr });
  const source = (expr: readonly Expression[]): Rule => ({ chain: 'postrouting', comment: name, expr });
  const families = subnets.map(({ family }) => family);
  return [
    // Whoever may send to 127.0.0.1 over the bridge, which route_localnet permits, would reach what only the host should (CVE-2020-8558).
    {
      chain: 'raw',
      comment: name,
      expr: [from(name), match(payload('ip', 'daddr'), { prefix: { addr: '127.0.0.0', len: 8 } }), drop],
    },
    // Frames between ports of one bridge come by here where br_netfilter is loaded.
    forward(from(name), to(name), accept),
    // Nobody leaves with an address that isn't of this network.
    ...subnets.map((subnet) =>
      forward(
        from(name),
        match(meta('nfproto'), subnet.family === 4 ? 'ipv4' : 'ipv6'),
        inSubnet(subnet, 'saddr', '!='),
        drop,
      ),
    ),
    ...(families.includes(4) ? [] : [forward(from(name), match(meta('nfproto'), 'ipv4'), drop)]),
    ...(families.includes(6) ? [] : [forward(from(name), match(meta('nfproto'), 'ipv6'), drop)]),
    ...(internal
      ? [forward(from(name), drop), forward(to(name), drop)]
      : [
          // Networks don't reach each other but by what is published.
          ...others.map((other) =>
            forward(
              from(name),
              to(other),
              match({ ct: { key: 'state' } }, 'new', 'in'),
              match({ ct: { key: 'status' } }, 'dnat', '!='),
              drop,
            ),
          ),
          forward(to(name), match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), accept),
          forward(to(name), isDnat, accept),
          forward(to(name), drop),
          ...subnets.flatMap((subnet) => [
            source([inSubnet(subnet, 'saddr'), notTo(name), masquerade]),
            // A container that uses the published port of a neighbour: the answer must come back by the host.
            source([inSubnet(subnet, 'saddr'), to(name), isDnat, masquerade]),
          ]),
          ...(families.includes(4)
            ? [
                source([
                  match(payload('ip', 'saddr'), { prefix: { addr: '127.0.0.0', len: 8 } }),
                  to(name),
                  isDnat,
                  masquerade,
                ]),
              ]
            : []),
        ]),
  ];
}

const wildcards = ['0.0.0.0', '::'];

function rulesOfPort({ container, addresses }: Attachment, port: PublishedPort): readonly Rule[] {
  const { hostPort, containerPort, protocol, address } = port;
  return addresses.flatMap((target) => {
    const family = target.includes(':') ? 'ip6' : 'ip';
    if (address !== undefined && (address.includes(':') ? 'ip6' : 'ip') !== family) return [];
    const everywhere = address === undefined || wildcards.includes(address);
    const where = everywhere
      ? match({ fib: { result: 'type', flags: ['daddr'] } }, 'local')
      : match(payload(family, 'daddr'), address);
    const expr = [
      match(meta('nfproto'), family === 'ip' ? 'ipv4' : 'ipv6'),
      where,
      // The kernel can't send from ::1 to elsewhere, so what goes there is left to whoever listens there.
      ...(family === 'ip6' ? [match(payload('ip6', 'daddr'), '::1', '!=')] : []),
      match(payload(protocol, 'dport'), hostPort),
      { dnat: { family, addr: target, port: containerPort } },
    ];
    return ['prerouting', 'output'].map((chain) => ({ chain, comment: container, expr }));
  });
}

const chains = [
  { name: 'raw', type: 'filter', hook: 'prerouting', prio: -300 },
  { name: 'prerouting', type: 'nat', hook: 'prerouting', prio: -100 },
  { name: 'output', type: 'nat', hook: 'output', prio: -100 },
  { name: 'forward', type: 'filter', hook: 'forward', prio: 0 },
  { name: 'postrouting', type: 'nat', hook: 'postrouting', prio: 100 },
] as const;

/** Commands for `nft -j -f -`. Without bridges, the table goes. */
export function renderRules({
  bridges,
  attachments,
}: {
  readonly bridges: readonly KnownBridge[];
  readonly attachments: readonly Attachment[];
}): unknown {
  const anew = { table: { family: 'inet', name: tableName } };
  // Adding what is there is no error, deleting what isn't is: so the table that is deleted always exists.
  const cleared = [{ add: anew }, { delete: anew }];
  if (bridges.length === 0) return { nftables: cleared };
  const names = bridges.map(({ name }) => name);
  const rules = [
    ...attachments.flatMap((attachment) => attachment.ports.flatMap((port) => rulesOfPort(attachment, port))),
    ...bridges.flatMap((bridge) =>
      rulesOfBridge(
        bridge,
        names.filter((name) => name !== bridge.name),
      ),
    ),
  ];
  return {
    nftables: [
      ...cleared,
      { add: anew },
      ...chains.map((chain) => ({ add: { chain: { ...table, policy: 'accept', ...chain } } })),
      ...rules.map((rule) => ({ add: { rule: { ...table, ...rule } } })),
    ],
  };
}

/** Address of the host in a subnet, as text. */
export function gatewayText(subnet: string): string {
  return formatAddress(gatewayOf(parseSubnet(subnet)._unsafeUnwrap()));
}
