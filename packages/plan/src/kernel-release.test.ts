import { expect, it } from 'vitest';
import { isKernelAtLeast, parseKernelRelease } from './kernel-release.js';

it('reads the version out of the releases of distributions', () => {
  expect(parseKernelRelease('6.1.0-37-amd64')).toEqual({ release: '6.1.0-37-amd64', major: 6, minor: 1 });
  expect(parseKernelRelease('5.15.153.1-microsoft-standard-WSL2')).toMatchObject({ major: 5, minor: 15 });
  expect(parseKernelRelease('6.18-rc1')).toMatchObject({ major: 6, minor: 18 });
  expect(parseKernelRelease('whatever')).toMatchObject({ major: 0, minor: 0 });
});

it('compares versions by number, not by letter', () => {
  expect(isKernelAtLeast(parseKernelRelease('5.11.0'), '5.9')).toBe(true);
  expect(isKernelAtLeast(parseKernelRelease('5.9.1'), '5.11')).toBe(false);
  expect(isKernelAtLeast(parseKernelRelease('5.11.0'), '5.11')).toBe(true);
  expect(isKernelAtLeast(parseKernelRelease('6.0.0'), '5.19')).toBe(true);
  expect(isKernelAtLeast(parseKernelRelease('4.20.0'), '5.0')).toBe(false);
});
