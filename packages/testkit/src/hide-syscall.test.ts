/** Names of syscalls to their numbers. */
import { expect, test } from 'vitest';
import { hideList } from './hide-syscall.js';

test('names become the numbers of the architecture', () => {
  expect(hideList(['clone3', 'memfd_create'], 'ENOSYS', 'x64')).toBe('435:38,319:38');
  expect(hideList(['clone3', 'memfd_create'], 'EPERM', 'arm64')).toBe('435:1,279:1');
});

test('an architecture without numbers is refused', () => {
  expect(() => hideList([], 'ENOSYS', 'riscv64')).toThrow(
    'Hiding syscalls works on x64 and arm64, and this is riscv64.',
  );
});
