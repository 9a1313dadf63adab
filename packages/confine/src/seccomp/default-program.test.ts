/** The program of the preset that is shipped: it answers as the profiles say, on both architectures. */
import { syscallNumbers } from '@haco/sys';
import { describe, expect, test } from 'vitest';
import { follow, fromBytes, lengthOf, x32Bit } from './bpf.js';
import { applyProfile } from './conditions.js';
import { defaultProfile } from './default-profile.js';
import { defaultPrograms } from './default-program.generated.js';
import { actions, architectures, natives } from './words.js';

const context = (arch: 'x64' | 'arm64') => ({ arch, kernel: { major: 6, minor: 1 }, boundingSet: [] });
const programs = {
  x64: fromBytes(Buffer.from(defaultPrograms.x64.program, 'base64')),
  arm64: fromBytes(Buffer.from(defaultPrograms.arm64.program, 'base64')),
};

test('the profiles have no conditions: one program is right for every container', () => {
  for (const { syscalls = [], architectures: others } of defaultProfile) {
    expect(others).toBeUndefined();
    expect(syscalls.filter(({ includes, excludes }) => includes !== undefined || excludes !== undefined)).toEqual([]);
  }
});

describe.each(['x64', 'arm64'] as const)('for %s', (arch) => {
  const program = programs[arch];
  const audit = architectures[natives[arch].arch];
  const ask = (number: number, ...args: readonly bigint[]) =>
    follow(program, { number, arch: audit, args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6) });

  test('it has the length that the kernel is told', () => {
    expect(lengthOf(program)).toBe(defaultPrograms[arch].length);
  });

  test('calls whose arguments do not matter get the answer of the profile', () => {
    const [, main] = defaultProfile.map((profile) => applyProfile(profile, context(arch)));
    const plain = new Map(
      main?.rules
        .filter(({ args }) => args.every((set) => set.length === 0))
        .flatMap(({ names, action }) => names.map((name) => [name, action] as const)),
    );
    const byArgument = new Set(
      defaultProfile.flatMap(({ syscalls = [] }) =>
        syscalls.filter(({ args = [] }) => args.length > 0).flatMap(({ names }) => names),
      ),
    );
    const wrong = Object.entries(syscallNumbers[arch]).flatMap(([name, number]) => {
      const expected = plain.get(name) ?? main?.defaultAction;
      return byArgument.has(name) || ask(number) === expected ? [] : [name];
    });
    expect(wrong).toEqual([]);
    expect(plain.size).toBeGreaterThan(250);
  });

  test('no new namespaces, no typing for the terminal, whatever the upper bits say', () => {
    const { ioctl, clone, unshare, clone3 } = syscallNumbers[arch];
    expect(ask(ioctl, 0n, 0x5412n)).toBe(actions.SCMP_ACT_ERRNO + 1);
    expect(ask(ioctl, 0n, 0x1_0000_5412n)).toBe(actions.SCMP_ACT_ERRNO + 1);
    expect(ask(ioctl, 0n, 0x5413n)).toBe(actions.SCMP_ACT_ALLOW);
    expect(ask(clone, 0x1000_0000n)).toBe(actions.SCMP_ACT_ERRNO + 1);
    expect(ask(clone, 17n)).toBe(actions.SCMP_ACT_ALLOW);
    expect(ask(unshare, 0x1000_0000n)).toBe(actions.SCMP_ACT_ERRNO + 1);
    expect(ask(clone3)).toBe(actions.SCMP_ACT_ERRNO + 38);
  });

  test('other architectures are killed', () => {
    for (const other of ['SCMP_ARCH_X86', 'SCMP_ARCH_ARM'] as const) {
      const answer = follow(program, { number: 1, arch: architectures[other], args: [0n, 0n, 0n, 0n, 0n, 0n] });
      expect(answer).toBe(actions.SCMP_ACT_KILL_PROCESS);
    }
  });
});

test('x32 on x64 is refused', () => {
  const answer = follow(programs.x64, {
    number: syscallNumbers.x64.getpid + x32Bit,
    arch: architectures.SCMP_ARCH_X86_64,
    args: [0n, 0n, 0n, 0n, 0n, 0n],
  });
  expect(answer).not.toBe(actions.SCMP_ACT_ALLOW);
});
