/** Whose a temporary thing is. */
import { expect, test } from 'vitest';
import { ownerOf } from './temporary.js';

test('the owner of a temporary thing is in its name, at any depth', () => {
  expect(ownerOf('haco-test-12-rootfs-AbCdEf')).toBe(12);
  expect(ownerOf('/tmp/haco-test-12-rootfs-AbCdEf/mnt')).toBe(12);
  expect(ownerOf('/tmp/haco-x')).toBeUndefined();
});
