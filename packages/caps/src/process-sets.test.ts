/** /proc/PID/status as the kernel writes it. */
import { expect, test } from 'vitest';
import { parseSets } from './process-sets.js';

const status = [
  'Name:\tcat',
  'CapInh:\t0000000000000000',
  'CapPrm:\t0000000000002000',
  'CapEff:\t0000000000000000',
  'CapBnd:\t8000020000000001',
  'CapAmb:\t0000000000000000',
  'NoNewPrivs:\t0',
];

test('the sets are named, also what is younger than the table', () => {
  expect(parseSets(status.join('\n'))).toEqual({
    bounding: ['chown', 'cap_41', 'cap_63'],
    permitted: ['net_raw'],
    effective: [],
    inheritable: [],
    ambient: [],
  });
});

test('half a file is none', () => {
  expect(parseSets(status.slice(0, 4).join('\n'))).toBeUndefined();
  expect(parseSets('')).toBeUndefined();
});
