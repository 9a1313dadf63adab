/** The attribute's bytes, as linux/capability.h lays them out. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFileCapabilities, encodeFileCapabilities } from './file-caps.js';
import { capabilitiesOf } from './names.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('file capabilities', () => {
  test('of revision 2, as setcap writes cap_net_raw,cap_bpf=ep', () => {
    const bytes = hex('01000002 00200000 00000000 80000000 00000000');
    const caps = { permitted: ['net_raw', 'bpf'], inheritable: [], effective: true } as const;
    expect(decodeFileCapabilities(bytes)._unsafeUnwrap()).toEqual(caps);
    expect(encodeFileCapabilities(caps)).toEqual(bytes);
  });

  test('of revision 3, with the root of a user namespace', () => {
    const bytes = hex('00000003 01000000 02000000 00000000 00000000 a0860100');
    const caps = { permitted: ['chown'], inheritable: ['dac_override'], effective: false, rootId: 100_000 } as const;
    expect(decodeFileCapabilities(bytes)._unsafeUnwrap()).toEqual(caps);
    expect(encodeFileCapabilities(caps)).toEqual(bytes);
  });

  test('of revision 1 are still read', () => {
    expect(decodeFileCapabilities(hex('01000001 00200000 00000000'))._unsafeUnwrap()).toEqual({
      permitted: ['net_raw'],
      inheritable: [],
      effective: true,
    });
  });

  test('what was written is read again', () => {
    const set = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(capabilitiesOf);
    const caps = fc.record(
      { permitted: set, inheritable: set, effective: fc.boolean(), rootId: fc.nat({ max: 0xffff_fffe }) },
      { requiredKeys: ['permitted', 'inheritable', 'effective'] },
    );
    fc.assert(
      fc.property(caps, (given) => {
        expect(decodeFileCapabilities(encodeFileCapabilities(given))._unsafeUnwrap()).toEqual(given);
      }),
    );
  });

  test.each([
    ['', 'has 0 bytes, too few for a revision'],
    ['00000004 00000000', 'has the unknown revision 4'],
    ['00000002 00000000', 'has 8 bytes where 20 belong'],
    ['00000003 01000000 02000000 00000000 00000000', 'has 20 bytes where 24 belong'],
  ])('bytes that make no sense are refused: %j', (bytes, problem) => {
    expect(decodeFileCapabilities(hex(bytes))._unsafeUnwrapErr()).toBe(problem);
  });

  test('any bytes are answered with a result', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodeFileCapabilities(bytes)));
  });
});
