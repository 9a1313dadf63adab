/** Conditions of profiles, decided as Docker decides them. */
import { describe, expect, test } from 'vitest';
import { applyProfile, type FilterContext } from './conditions.js';
import type { SeccompProfile, SeccompRule } from './profile.js';

const context: FilterContext = { arch: 'x64', kernel: { major: 5, minor: 10 }, boundingSet: ['chown', 'sys_chroot'] };

function applied(rule: Partial<SeccompRule>, changes: Partial<FilterContext> = {}): boolean {
  const profile: SeccompProfile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...rule }],
  };
  return applyProfile(profile, { ...context, ...changes }).rules.length === 1;
}

describe('a rule applies', () => {
  test.each<[string, boolean, Partial<SeccompRule>, Partial<FilterContext>?]>([
    ['without conditions', true, {}],
    ['when all capabilities are there', true, { includes: { caps: ['CAP_CHOWN', 'CAP_SYS_CHROOT'] } }],
    ['not when one is missing', false, { includes: { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } }],
    [
      'with all capabilities, when none was dropped',
      true,
      { includes: { caps: ['CAP_SYS_ADMIN'] } },
      { boundingSet: undefined },
    ],
    ['not when an excluded one is there', false, { excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_CHOWN'] } }],
    ['when no excluded one is there', true, { excludes: { caps: ['CAP_SYS_ADMIN'] } }],
    ['on its architecture', true, { includes: { arches: ['amd64', 'x32'] } }],
    ['not on others', false, { includes: { arches: ['arm64'] } }],
    ['not on an excluded architecture', false, { excludes: { arches: ['arm64'] } }, { arch: 'arm64' }],
    ['on its kernel', true, { includes: { minKernel: '5.10' } }],
    ['on later ones', true, { includes: { minKernel: '4.8' } }],
    ['not on earlier ones', false, { includes: { minKernel: '5.11' } }],
    ['not on later ones, when excluded', false, { excludes: { minKernel: '5.9' } }],
  ])('%s', (_name, expected, rule, changes) => {
    expect(applied(rule, changes)).toBe(expected);
  });
});

test('architectures: the own one first, then those that go with it', () => {
  const archMap = [
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  ] as const;
  const of = (profile: Partial<SeccompProfile>, arch: FilterContext['arch']) =>
    applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', ...profile }, { ...context, arch }).architectures;
  expect(of({ archMap }, 'x64')).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  expect(of({ archMap }, 'arm64')).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  expect(of({}, 'x64')).toEqual(['SCMP_ARCH_X86_64']);
  expect(of({ architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X86_64'] }, 'x64')).toEqual([
    'SCMP_ARCH_X86_64',
    'SCMP_ARCH_X86',
  ]);
});

test('errnos: EPERM when none is given; two comparisons of one argument are two rules', () => {
  const { defaultAction, rules } = applyProfile(
    {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
        {
          names: ['socket'],
          action: 'SCMP_ACT_ALLOW',
          args: [
            { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
            { index: 0, value: 2, op: 'SCMP_CMP_EQ' },
          ],
        },
      ],
    },
    context,
  );
  expect(defaultAction).toBe(0x50001);
  expect(rules.map(({ action, args }) => [action, args.length])).toEqual([
    [0x50026, 1],
    [0x7fff0000, 2],
  ]);
});
