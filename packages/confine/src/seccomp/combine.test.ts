/** What can be one profile, and what can't. */
import { describe, expect, test } from 'vitest';
import { combineProfiles } from './combine.js';
import { defaultProfile } from './default-profile.js';
import type { SeccompArg, SeccompProfile } from './profile.js';

const refuses = (...args: readonly SeccompArg[]): SeccompProfile => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: args.map((arg) => ({ names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args: [arg] })),
});
const allows = (...args: readonly SeccompArg[]): SeccompProfile => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read', 'ioctl'], action: 'SCMP_ACT_ALLOW', ...(args.length === 0 ? {} : { args }) }],
});
const masked = (value: number, valueTwo: number): SeccompArg => ({
  index: 1,
  value,
  valueTwo,
  op: 'SCMP_CMP_MASKED_EQ',
});

describe('several profiles as one', () => {
  test('all values but the refused ones, by the bits that they begin with', () => {
    const combined = combineProfiles([refuses(masked(0b111, 0b101), masked(0b111, 0b001)), allows()]);
    const rules = (combined?.syscalls ?? []).slice(2);
    expect(rules[0]).toEqual({ names: ['read'], action: 'SCMP_ACT_ALLOW' });
    const comparisons = rules.slice(1).map(({ args }) => args?.[0]);
    expect(comparisons.map((arg) => [arg?.value, arg?.valueTwo])).toEqual([
      [0b111, 0b000],
      [0b110, 0b010],
      [0b111, 0b100],
      [0b110, 0b110],
    ]);
    // Each value of these bits is refused, or meets exactly one of them.
    const hits = (value: number) => comparisons.filter((arg) => (value & (arg?.value ?? 0)) === arg?.valueTwo).length;
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(hits)).toEqual([1, 0, 1, 1, 1, 0, 1, 1]);
  });

  test('rules about other values stay as they are', () => {
    const other = masked(0b11, 0);
    const combined = combineProfiles([refuses(masked(0b10, 0b10)), allows(other)]);
    expect(combined?.syscalls?.at(-1)).toEqual({ names: ['ioctl'], action: 'SCMP_ACT_ALLOW', args: [other] });
  });

  test('the preset is one, of one it is itself', () => {
    const combined = combineProfiles(defaultProfile);
    expect(combined?.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(combined?.syscalls?.some(({ names, args }) => names.includes('ioctl') && args === undefined)).toBe(false);
    expect(combineProfiles([allows()])).toEqual(allows());
  });

  test.each<[string, readonly SeccompProfile[]]>([
    ['the same values in both', [refuses(masked(0b10, 0b10)), allows(masked(0b10, 0b10))]],
    ['values of different bits', [refuses(masked(0b10, 0b10), masked(0b11, 0b10)), allows()]],
    ['two that refuse by default', [allows(), allows()]],
    ['flags of the first', [{ ...refuses(masked(1, 1)), flags: ['SECCOMP_FILTER_FLAG_LOG'] }, allows()]],
    ['an order of values', [refuses({ index: 1, value: 5, op: 'SCMP_CMP_GT' }), allows()]],
  ])('not %s', (_what, profiles) => {
    expect(combineProfiles(profiles)).toBeUndefined();
  });
});
