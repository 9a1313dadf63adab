/** Ends that RLIMIT_CPU caused are told from others by signal, CPU time used, and who sent what. */
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { endedByCpuLimit, type CpuEnd } from './cpu-limit.js';
import { pauseMs } from './cpu-watch.js';

const { SIGKILL, SIGTERM, SIGXCPU } = constants.signals;
const base: CpuEnd = {
  exitCode: null,
  signal: SIGXCPU,
  cpuMs: 1000,
  limits: () => ({ cpu: { soft: 1, hard: 3 } }),
  sent: new Set(),
};

test.each<readonly [name: string, end: Partial<CpuEnd>, is: boolean]>([
  ['SIGXCPU at the soft limit', {}, true],
  ['SIGXCPU before it by exact time, as the kernel samples', { cpuMs: 700 }, true],
  ['SIGXCPU that somebody sent long before', { cpuMs: 200 }, false],
  ['SIGXCPU that the caller sent', { sent: new Set([SIGXCPU]) }, false],
  ['SIGXCPU where no limit is', { limits: () => ({ cpu: { soft: 'unlimited', hard: 'unlimited' } }) }, false],
  ['SIGKILL at the hard limit', { signal: SIGKILL, cpuMs: 3010 }, true],
  ['SIGKILL before the hard limit', { signal: SIGKILL, cpuMs: 1000 }, false],
  ['SIGKILL that the caller sent', { signal: SIGKILL, cpuMs: 3010, sent: new Set([SIGKILL]) }, false],
  ['SIGXCPU of RLIMIT_RTTIME', { limits: () => ({ rttime: { soft: 500_000, hard: 'unlimited' } }) }, true],
  ['another signal', { signal: SIGTERM, cpuMs: 9000 }, false],
  ['the code of a shell whose child had SIGXCPU', { signal: null, exitCode: 152 }, true],
  ['that code without the CPU time', { signal: null, exitCode: 152, cpuMs: 10 }, false],
  ['the code of a shell whose child had SIGKILL', { signal: null, exitCode: 137, cpuMs: 3010 }, true],
  ['the code of a shell whose child was killed otherwise', { signal: null, exitCode: 137 }, false],
  ['an ordinary code', { signal: null, exitCode: 24, cpuMs: 9000 }, false],
])('%s', (_name, end, is) => {
  expect(endedByCpuLimit({ ...base, ...end })).toBe(is);
});

test('a container is looked at when all processors together can have used what is left, but not without pause', () => {
  expect(pauseMs(10_000, 4)).toBe(2500);
  expect(pauseMs(8, 4)).toBe(10);
  expect(pauseMs(1e12, 1)).toBe(2 ** 31 - 1);
});
