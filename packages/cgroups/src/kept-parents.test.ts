/** What starts that follow each other find ready: whose groups share it, and what it takes. */
import { renderOperation } from '@haco/plan';
import { expect, test } from 'vitest';
import { hostWith, hybridHost, v2With } from './fixture.js';
import { keptParents } from './kept-parents.js';

test('containers whose groups are in the same places share their parents', () => {
  const key = '/sys/fs/cgroup/cpu:/sys/fs/cgroup/memory/service:/sys/fs/cgroup/pids';
  expect(keptParents({ cpu: 5, memory: 4096, pids: 9 }, hybridHost)?.key).toBe(key);
  expect(keptParents({ cpu: 50, memory: 8192, pids: 1 }, hybridHost)?.key).toBe(key);
  expect(keptParents({ memory: 4096 }, hybridHost)?.key).toBe('/sys/fs/cgroup/memory/service');
  expect(keptParents({ memory: 4096 }, hostWith(v2With()))?.key).toBe('/sys/fs/cgroup');
});

test('who has no limits, or groups of somebody else above, has none', () => {
  expect(keptParents({}, hybridHost)).toBeUndefined();
  expect(keptParents({ pids: 5, parent: 'mine' }, hybridHost)).toBeUndefined();
  expect(keptParents({ pids: 5, path: '/pod/one' }, hybridHost)).toBeUndefined();
});

test('a group in each of them keeps it, and goes before it', () => {
  const steps = keptParents({ pids: 5 }, hybridHost)?.steps('~kept-1') ?? [];
  const calls = steps.flatMap(({ phase, operations }) => operations.map((one) => `${phase}: ${renderOperation(one)}`));
  expect(calls.filter((call, index) => calls.indexOf(call) === index)).toMatchInlineSnapshot(`
    [
      "prepare: openat(AT_FDCWD, "/sys/fs/cgroup/pids", O_PATH|O_DIRECTORY|O_CLOEXEC) = <cgroups.base.pids>",
      "prepare: mkdirat(<cgroups.base.pids>, "haco/~kept-1", 0755)   or ENOENT",
      "prepare: mkdirat(<cgroups.base.pids>, "haco", 0755)   or EEXIST",
      "prepare: mkdirat(<cgroups.base.pids>, "haco/~kept-1", 0755)",
      "undo: unlinkat(<cgroups.base.pids>, "haco/~kept-1", AT_REMOVEDIR)   or EBADF, ENOENT",
      "undo: unlinkat(<cgroups.base.pids>, "haco", AT_REMOVEDIR)   or EBADF, ENOENT, EBUSY, ENOTEMPTY",
    ]
  `);
});
