/** Each cause of a refusal has its own sentence. */
import { expect, test } from 'vitest';
import { refusalError, type Refusal } from './refusal.js';

const base: Refusal = {
  pid: 7,
  kind: 'nofile',
  errno: 'EPERM',
  limit: { soft: 10, hard: 2000 },
  current: { soft: 10, hard: 1000 },
  nrOpen: 1_048_576,
};

test('a hard limit that is raised without the capability', () => {
  expect(refusalError(base).message).toBe(
    'Not allowed to raise the hard RLIMIT_NOFILE of process 7 from 1000 to 2000: that needs CAP_SYS_RESOURCE on the host, which this process lacks; ask for at most 1000 (one more than the highest file descriptor), or run it with that capability.',
  );
});

test('more descriptors than the kernel allows anybody', () => {
  const message =
    'Not allowed to set RLIMIT_NOFILE of process 7 from 1000 to unlimited: no process may have more than fs.nr_open allows, which is 1048576; ask for at most 1048576, or have root raise it with "sysctl -w fs.nr_open=…".';
  expect(refusalError({ ...base, limit: { soft: 10, hard: 'unlimited' } }).message).toBe(message);
  expect(refusalError({ ...base, current: undefined, limit: { soft: 10, hard: 'unlimited' } }).message).toBe(
    message.replace(' from 1000', ''),
  );
  // Also for who may raise others.
  expect(refusalError({ ...base, kind: 'nproc', limit: { soft: 1, hard: 'unlimited' } }).message).toContain(
    'from 1000 to',
  );
});

test("somebody else's process", () => {
  const message =
    'Not allowed to read RLIMIT_NOFILE of process 7: it belongs to another user, and this process lacks CAP_SYS_RESOURCE; run it as the same user, or with that capability.';
  expect(refusalError({ ...base, limit: undefined, current: undefined }).message).toBe(message);
});

test('a soft limit above the hard one', () => {
  expect(refusalError({ ...base, errno: 'EINVAL', limit: { soft: 'unlimited', hard: 5 } }).message).toContain(
    'the soft limit unlimited is above the hard one 5; lower the first or raise the second',
  );
});
