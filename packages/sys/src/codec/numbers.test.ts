import { describe, expect, it } from 'vitest';
import { type PortableSyscallName, syscallNumbers } from './numbers.generated.js';

describe('system call numbers', () => {
  it('has the numbers of each architecture', () => {
    expect(syscallNumbers.x64).toMatchObject({ read: 0, execve: 59, pivot_root: 155, umount2: 166, openat: 257 });
    expect(syscallNumbers.arm64).toMatchObject({ read: 63, execve: 221, pivot_root: 41, umount2: 39, openat: 56 });
  });

  it('numbers what came after Linux 5.0 alike', () => {
    const young = Object.entries(syscallNumbers.arm64).filter(([, number]) => number >= 424);
    expect(Object.fromEntries(young)).toMatchObject({
      clone3: 435,
      landlock_restrict_self: 446,
      mount_setattr: 442,
      statmount: 457,
    });
    expect(syscallNumbers.x64).toMatchObject(Object.fromEntries(young));
  });

  it('gives no number twice', () => {
    for (const numbers of Object.values(syscallNumbers)) {
      expect(new Set(Object.values(numbers)).size).toBe(Object.keys(numbers).length);
    }
  });

  it('leaves calls that arm64 never had out of the portable names', () => {
    const portable: PortableSyscallName = 'mkdirat';
    // @ts-expect-error -- mkdir exists on x64 only
    const old: PortableSyscallName = 'mkdir';
    expect(portable in syscallNumbers.arm64).toBe(true);
    expect(old in syscallNumbers.arm64).toBe(false);
  });
});
