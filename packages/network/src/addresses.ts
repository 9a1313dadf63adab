/** IP addresses and subnets as numbers: parsing, printing, and what lies where. IPv4 and IPv6 alike. */
import { quote } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';

/** Version of the Internet Protocol. */
export type Family = 4 | 6;

/** An address. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A range of addresses that share a prefix. */
export interface Subnet extends Address {
  /** Length of the prefix in bits. */
  readonly prefix: number;
}

const bits = { 4: 32, 6: 128 } as const;

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  // Leading zeros are octal to some, decimal to others: nobody gets to guess.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function groupsOf(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const v4 = last.includes('.') ? parseV4(last) : undefined;
  if (last.includes('.') && v4 === undefined) return undefined;
  const words = v4 === undefined ? parts : parts.slice(0, -1);
  if (!words.every((word) => /^[0-9A-Fa-f]{1,4}$/.test(word))) return undefined;
  const groups = words.map((word) => BigInt(`0x${word}`));
  return v4 === undefined ? groups : [...groups, v4 >> 16n, v4 & 0xffffn];
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  // An address in dotted form only stands at the very end.
  if (halves.length === 2 && (halves[0] ?? '').includes('.')) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...(tail ?? [])];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** An address from text. The error is a sentence without a full stop. */
export function parseAddress(text: unknown): Result<Address, string> {
  const shown = typeof text === 'string' ? quote(text) : String(text);
  const value = typeof text === 'string' ? (text.includes(':') ? parseV6(text) : parseV4(text)) : undefined;
  return value === undefined
    ? err(`${shown} is not an IP address; write e.g. "10.213.0.5" or "fd00::5"`)
    : ok({ family: (text as string).includes(':') ? 6 : 4, value });
}

function maskOf({ family, prefix }: { readonly family: Family; readonly prefix: number }): bigint {
  const host = BigInt(bits[family] - prefix);
  return ((1n << BigInt(bits[family])) - 1n) ^ ((1n << host) - 1n);
}

/** A subnet from text such as `10.213.0.0/16`. The error is a sentence without a full stop. */
export function parseSubnet(text: unknown): Result<Subnet, string> {
  const shown = typeof text === 'string' ? quote(text) : String(text);
  const example = 'write e.g. "10.213.0.0/16" or "fd00:213::/64"';
  const match = typeof text === 'string' ? /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) : null;
  const address = parseAddress(match?.[1]);
  if (match === null || address.isErr()) return err(`${shown} is not a subnet; ${example}`);
  const { family, value } = address.value;
  const prefix = Number(match[2]);
  if (prefix > bits[family])
    return err(`${shown} is not a subnet, IPv${String(family)} has ${String(bits[family])} bits; ${example}`);
  const subnet = { family, value: value & maskOf({ family, prefix }), prefix };
  return subnet.value === value
    ? ok(subnet)
    : err(`${shown} has bits beyond its prefix; the subnet is ${quote(formatSubnet(subnet))}`);
}

function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  // The longest run of zeros, the first among equals, becomes "::", unless it is a single one (RFC 5952).
  let best = { at: 0, length: 0 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}

/** An address as text, in its one canonical form. */
export function formatAddress({ family, value }: Address): string {
  if (family === 6) return formatV6(value);
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

/** A subnet as text. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet)}/${String(subnet.prefix)}`;
}

/** Whether an address lies in a subnet. */
export function contains(subnet: Subnet, address: Address): boolean {
  return subnet.family === address.family && (address.value & maskOf(subnet)) === subnet.value;
}

/** Whether two subnets share an address. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return a.prefix <= b.prefix ? contains(a, b) : contains(b, a);
}

/** How many addresses a subnet has for containers: without its own, the gateway's and (IPv4) the broadcast address. */
export function capacityOf({ family, prefix }: Subnet): bigint {
  return (1n << BigInt(bits[family] - prefix)) - (family === 4 ? 3n : 2n);
}

/** The host's own address in a subnet: the first. */
export function gatewayOf(subnet: Subnet): Address {
  return { family: subnet.family, value: subnet.value + 1n };
}

/** Whether a container may have an address of a subnet: not the subnet's own, the gateway's or the broadcast address. */
export function isForContainers(subnet: Subnet, address: Address): boolean {
  const offset = address.value - subnet.value;
  return contains(subnet, address) && offset >= 2n && offset < capacityOf(subnet) + 2n;
}

/** The first address for containers that isn't taken; undefined when all are. */
export function allocate(subnet: Subnet, taken: ReadonlySet<string>): Address | undefined {
  // One more candidate than there are taken ones is enough to find a free one.
  const most = capacityOf(subnet);
  for (let offset = 0n; offset < most && offset <= BigInt(taken.size); offset += 1n) {
    const address = { family: subnet.family, value: subnet.value + 2n + offset };
    if (!taken.has(formatAddress(address))) return address;
  }
  return undefined;
}
