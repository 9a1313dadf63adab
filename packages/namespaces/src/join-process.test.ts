/** The order of a join: out of reach first, groups before the user namespace, all namespaces by one call. */
import { noFacts, orderSteps, renderOperation, type SharedFacts } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { rootHost } from './fixture.js';
import { planJoinProcess, type JoinedProcess } from './join-process.js';

const target: JoinedProcess = {
  pid: 7,
  descriptor: 'container',
  kinds: ['uts', 'pid', 'mount'],
  ownRoot: false,
  cgroupNamespaceLate: false,
};

function calls(changed: Partial<JoinedProcess>, facts: Partial<SharedFacts> = {}): readonly string[] {
  const steps = planJoinProcess({ ...target, ...changed }, { host: rootHost, facts: { ...noFacts, ...facts } });
  return orderSteps(steps).flatMap(({ phase, operations }) =>
    operations.map((operation) => `${phase}: ${renderOperation(operation)}`),
  );
}

describe('joining a process', () => {
  test('is non-dumpable before it is in any namespace of the container, and joins all at once', () => {
    expect(calls({})).toEqual([
      'join: prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)',
      'join: setns(<container>, CLONE_NEWUTS|CLONE_NEWPID|CLONE_NEWNS)',
    ]);
  });

  test('sheds the groups of the caller before the user namespace, in which it may be forbidden, and becomes root in it', () => {
    expect(calls({ kinds: ['user', 'mount'] })).toEqual([
      'join: prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)',
      'join: setgroups(0, 0)   or EPERM',
      'join: setns(<container>, CLONE_NEWUSER|CLONE_NEWNS)',
      'identity: setgroups(0, 0)   or EPERM',
      'identity: setresgid(0, 0, 0)   or EINVAL',
      'identity: setresuid(0, 0, 0)   or EINVAL',
    ]);
  });

  test('a path with a pid in it is verified by the pidfd after it was opened', () => {
    expect(calls({ ownRoot: true, cgroupNamespaceLate: true, kinds: ['cgroup'] })).toEqual([
      'prepare: openat(AT_FDCWD, "/proc/7/root", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <join.root>',
      'prepare: pidfd_send_signal(<container>, 0, 0, 0)   or EPERM',
      'prepare: openat(AT_FDCWD, "/proc/7/ns/cgroup", O_RDONLY|O_CLOEXEC, 0) = <join.cgroup>',
      'prepare: pidfd_send_signal(<container>, 0, 0, 0)   or EPERM',
      'join: prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)',
      'identity: setns(<join.cgroup>, CLONE_NEWCGROUP)',
      'identity: close(<join.cgroup>)',
      'root: fchdir(<join.root>)',
      'root: chroot(".")',
      'root: close(<join.root>)',
    ]);
  });

  test('without namespaces nothing is joined, and it is out of reach all the same', () => {
    expect(calls({ kinds: [] })).toEqual(['join: prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)']);
  });
});
