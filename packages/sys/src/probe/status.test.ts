import { expect, it } from 'vitest';
import { capabilitiesIn, knownCapabilities } from './capabilities.js';
import { parseStatus } from './status.js';

it('reads effective capabilities and no_new_privs', () => {
  const text = 'Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000200002\nNoNewPrivs:\t1\nSeccomp:\t0\n';
  const status = parseStatus(text);
  expect(status).toEqual({ effective: 0x200002n, noNewPrivileges: true });
  expect(capabilitiesIn(status.effective, knownCapabilities(40))).toEqual(['dac_override', 'sys_admin']);
});

it('holds nothing without the file', () => {
  expect(parseStatus('')).toEqual({ effective: 0n, noNewPrivileges: false });
});

it('knows as many capabilities as the kernel, and names a younger one by its number', () => {
  expect(knownCapabilities(37).at(-1)).toBe('audit_read');
  expect(knownCapabilities(40)).toHaveLength(41);
  expect(knownCapabilities(41).at(-1)).toBe('cap_41');
  expect(capabilitiesIn(1n << 40n, knownCapabilities(40))).toEqual(['checkpoint_restore']);
});
