/** What is compiled means the same as what libseccomp makes of the same rules alone. */
import { readFileSync } from 'node:fs';
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { follow, x32Bit } from '../../seccomp/bpf.js';
import { applyProfile, type FilterContext } from '../../seccomp/conditions.js';
import { defaultProfile } from '../../seccomp/default-profile.js';
import type { SeccompProfile } from '../../seccomp/profile.js';
import { parseProfile } from '../../seccomp/read-profile.js';
import { architectures } from '../../seccomp/words.js';
import { compileProfile } from './compile.js';

const docker = parseProfile(
  JSON.parse(readFileSync(new URL('../../seccomp/fixtures/docker-default.json', import.meta.url), 'utf8')),
)._unsafeUnwrap();

const everyone: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_ARM'],
  syscalls: [
    { names: ['mount', 'socket', 'bind', 'semop'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 },
    { names: ['ptrace'], action: 'SCMP_ACT_KILL_PROCESS' },
    {
      names: ['personality'],
      action: 'SCMP_ACT_ERRNO',
      args: [{ index: 0, value: 0xff, valueTwo: 8, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    { names: ['personality'], action: 'SCMP_ACT_TRAP', args: [{ index: 0, value: 0x1_0000_0000, op: 'SCMP_CMP_GE' }] },
  ],
};

describeWith(['seccomp'], 'a compiled profile', () => {
  const [first, main] = defaultProfile;
  test.each<[string, SeccompProfile, readonly string[] | undefined]>([
    ['docker without capabilities', docker, []],
    ['docker with all', docker, undefined],
    ['default, its first', first, []],
    ['default, its main', main, []],
    ['one that refuses little', everyone, []],
  ])('%s', (_name, profile, boundingSet) => {
    const arch: FilterContext['arch'] = process.arch === 'arm64' ? 'arm64' : 'x64';
    const applied = applyProfile(profile, { arch, kernel: { major: 6, minor: 1 }, boundingSet });
    const all = (['quick', 'short'] as const).map((effort) => compileProfile(applied, effort)._unsafeUnwrap());
    const theirs = compileProfile(applied, 'plain')._unsafeUnwrap();
    const arguments_ = [
      0n,
      1n,
      2n,
      8n,
      16n,
      40n,
      0x541bn,
      0x5412n,
      0x1_0000_0008n,
      0x7e02_0000n,
      0xffff_ffffn,
      2n ** 64n - 1n,
    ];
    const archs = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] as const;
    for (const audit of archs.map((word) => architectures[word])) {
      for (let number = 0; number < 520; number++) {
        for (const shown of [number, number + x32Bit]) {
          for (const value of arguments_) {
            const data = { number: shown, arch: audit, args: [value, value, value, value, value, value] };
            const other = follow(theirs, data);
            for (const ours of all) {
              const own = follow(ours, data);
              if (own === undefined || own !== other) expect([data, own]).toEqual([data, other]);
            }
          }
        }
      }
    }
  });
});
