/** How a further process gets into the groups of a container. */
import { renderOperation } from '@haco/plan';
import { expect, test } from 'vitest';
import { clonedInto, planEnterGroups, type ExistingGroup } from './enter-groups.js';
import { hybridHost } from './fixture.js';

const v1: ExistingGroup = { version: 1, path: '/sys/fs/cgroup/pids/haco/x' };
const v2: ExistingGroup = { version: 2, path: '/sys/fs/cgroup/haco/x' };

function calls(groups: readonly ExistingGroup[], clone: boolean): readonly string[] {
  const host = { ...hybridHost, features: { ...hybridHost.features, clone_into_cgroup: clone } };
  return planEnterGroups(groups, host).flatMap(({ phase, operations }) =>
    operations.map((operation) => `${phase}: ${renderOperation(operation)}`),
  );
}

test('nothing for a container without groups', () => {
  expect(calls([], true)).toEqual([]);
  expect(clonedInto([], hybridHost)).toBeUndefined();
});

test('groups of v1 are opened outside and entered by the process itself', () => {
  expect(calls([v1], true)).toEqual([
    'prepare: openat(AT_FDCWD, "/sys/fs/cgroup/pids/haco/x/tasks", O_WRONLY|O_CLOEXEC) = <join.group.0>',
    'identity: write(<join.group.0>, "0", 1)',
    'identity: close(<join.group.0>)',
  ]);
});

test('a group of v2 is entered with the clone, or like those of v1 where the kernel is too old', () => {
  expect(calls([v2], true)).toEqual([
    'prepare: openat(AT_FDCWD, "/sys/fs/cgroup/haco/x", O_PATH|O_DIRECTORY|O_CLOEXEC) = <join.group2>',
  ]);
  expect(calls([v2], false)).toEqual([
    'prepare: openat(AT_FDCWD, "/sys/fs/cgroup/haco/x/cgroup.procs", O_WRONLY|O_CLOEXEC) = <join.group.0>',
    'identity: write(<join.group.0>, "0", 1)',
    'identity: close(<join.group.0>)',
  ]);
});
