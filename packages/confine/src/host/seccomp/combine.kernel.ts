/** The preset as one profile answers as its profiles do one after the other, in the program that libseccomp makes of it. */
import { describeWith } from '@haco/testkit';
import { syscallNumbers } from '@haco/sys';
import { expect, test } from 'vitest';
import { chain, follow } from '../../seccomp/bpf.js';
import { combineProfiles } from '../../seccomp/combine.js';
import { applyProfile, type FilterContext } from '../../seccomp/conditions.js';
import { defaultProfile } from '../../seccomp/default-profile.js';
import type { SeccompProfile } from '../../seccomp/profile.js';
import { architectures, natives } from '../../seccomp/words.js';
import { compileProfile } from './compile.js';

const arch: FilterContext['arch'] = process.arch === 'arm64' ? 'arm64' : 'x64';
const compiled = (profile: SeccompProfile) =>
  // Without what haco adds, as other runtimes compile it.
  compileProfile(
    applyProfile(profile, { arch, kernel: { major: 6, minor: 1 }, boundingSet: [] }),
    'plain',
  )._unsafeUnwrap();

/** Each bit alone, what the rules name, what is near it, and the same with bits above those that the kernel looks at. */
const values = [0x5412n, 0x541cn, 0x7e02_0000n, 0x7e02_0080n, 0x80n, 1n, 2n, 10n, 16n, 17n, 8n, 0xffff_ffffn, 0n]
  .concat(Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit)))
  .concat(Array.from({ length: 32 }, (_, bit) => 0x5412n ^ (1n << BigInt(bit))))
  .concat(Array.from({ length: 32 }, (_, bit) => 0x541cn ^ (1n << BigInt(bit))))
  .flatMap((value) => [value, value | (1n << 32n), value | (1n << 63n)]);

describeWith(['seccomp'], 'the preset as one profile', () => {
  test('gives every call the same answer', { timeout: 60_000 }, () => {
    const one = compiled(combineProfiles(defaultProfile) ?? { defaultAction: 'SCMP_ACT_ALLOW' });
    const all = chain(defaultProfile.map(compiled));
    const audit = architectures[natives[arch].arch];
    const answers = new Set<number | undefined>();
    const differences = Object.entries(syscallNumbers[arch]).flatMap(([name, number]) =>
      values.flatMap((value) => {
        const data = { number, arch: audit, args: [value, value, 0n, 0n, 0n, 0n] };
        const expected = follow(all, data);
        answers.add(expected);
        return follow(one, data) === expected ? [] : [`${name}(${value.toString(16)})`];
      }),
    );
    expect(differences).toEqual([]);
    expect(answers.size).toBeGreaterThan(3);
  });
});
