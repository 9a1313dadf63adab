/** Addresses and subnets, compared with what Node thinks of them. */
import { isIPv4, isIPv6, BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocate,
  capacityOf,
  contains,
  formatAddress,
  formatSubnet,
  gatewayOf,
  isForContainers,
  overlap,
  parseAddress,
  parseSubnet,
} from './addresses.js';

const subnet = (text: string) => parseSubnet(text)._unsafeUnwrap();
const address = (text: string) => parseAddress(text)._unsafeUnwrap();

describe('addresses', () => {
  test('are understood as Node understands them, and survive printing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const printed = formatAddress(address(text));
        expect(isIPv4(printed) || isIPv6(printed)).toBe(true);
        expect(address(printed)).toEqual(address(text));
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f:.]{1,20}$/), (text) => {
        expect(parseAddress(text).isOk()).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s is printed as %s', (text, printed) => expect(formatAddress(address(text))).toBe(printed));

  test.each(['010.0.0.1', '1.2.3', '1.2.3.256', '1::2::3', 'fe80::1%eth0', '', '1.2.3.4 ', ':1', '1.2.3.4::'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)._unsafeUnwrapErr()).toBe(
        `${JSON.stringify(text)} is not an IP address; write e.g. "10.213.0.5" or "fd00::5"`,
      );
    },
  );
});

describe('subnets', () => {
  test.each([
    ['10.0.0.1/24', '"10.0.0.1/24" has bits beyond its prefix; the subnet is "10.0.0.0/24"'],
    ['10.0.0.0/33', '"10.0.0.0/33" is not a subnet, IPv4 has 32 bits; write e.g. "10.213.0.0/16" or "fd00:213::/64"'],
    ['10.0.0.0', '"10.0.0.0" is not a subnet; write e.g. "10.213.0.0/16" or "fd00:213::/64"'],
    ['10.0.0.0/08', '"10.0.0.0/08" is not a subnet; write e.g. "10.213.0.0/16" or "fd00:213::/64"'],
  ])('%s is none', (text, message) => expect(parseSubnet(text)._unsafeUnwrapErr()).toBe(message));

  test('contain what Node says that they contain', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (base, other, prefix) => {
        const list = new BlockList();
        list.addSubnet(base, prefix, 'ipv4');
        const { value } = address(base);
        const cut = (value >> BigInt(32 - prefix)) << BigInt(32 - prefix);
        const range = { family: 4, value: cut, prefix } as const;
        expect(contains(range, address(other))).toBe(list.check(other, 'ipv4'));
        expect(contains(range, address(base))).toBe(true);
      }),
    );
  });

  test('overlap when one lies in the other, in one family', () => {
    expect(overlap(subnet('10.0.0.0/8'), subnet('10.213.0.0/16'))).toBe(true);
    expect(overlap(subnet('10.213.0.0/16'), subnet('10.0.0.0/8'))).toBe(true);
    expect(overlap(subnet('10.212.0.0/16'), subnet('10.213.0.0/16'))).toBe(false);
    expect(overlap(subnet('::/0'), subnet('0.0.0.0/0'))).toBe(false);
  });

  test('have a gateway, and the rest is for containers', () => {
    const small = subnet('192.0.2.0/29');
    expect(formatAddress(gatewayOf(small))).toBe('192.0.2.1');
    expect(capacityOf(small)).toBe(5n);
    const allowed = ['192.0.2.0', '192.0.2.1', '192.0.2.2', '192.0.2.6', '192.0.2.7', '192.0.2.8'].filter((text) =>
      isForContainers(small, address(text)),
    );
    expect(allowed).toEqual(['192.0.2.2', '192.0.2.6']);
    expect(formatSubnet(subnet('fd00::/64'))).toBe('fd00::/64');
  });

  test('give each address once, then none', () => {
    const small = subnet('192.0.2.0/29');
    const taken = new Set(['198.51.100.1', '192.0.2.3']);
    const given: string[] = [];
    for (;;) {
      const next = allocate(small, taken);
      if (next === undefined) break;
      given.push(formatAddress(next));
      taken.add(formatAddress(next));
    }
    expect(given).toEqual(['192.0.2.2', '192.0.2.4', '192.0.2.5', '192.0.2.6']);
    expect(formatAddress(allocate(subnet('fd00::/64'), new Set(['fd00::2'])) ?? address('::'))).toBe('fd00::3');
  });
});
