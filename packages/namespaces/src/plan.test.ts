/** What the namespaces part asks of the kernel, as the plan that people read. */
import { orderSteps, renderPlan, type HostFacts, type SharedFacts } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { contextOf, rootHost, sectionWith, userHost } from './fixture.js';
import { namespaces } from './part.js';
import type { NamespacesSection } from './section.js';

/** The plan without reasons: phases, labels and calls. */
function calls(
  fields: Partial<NamespacesSection>,
  host: HostFacts = rootHost,
  facts: Partial<SharedFacts> = {},
): string {
  const section = sectionWith(fields);
  const steps = orderSteps(namespaces.plan(section, contextOf(section, host, facts)));
  return renderPlan({ version: 1, name: '', steps, warnings: [] })
    .split('\n')
    .filter((line) => /^ +\d+ \[|^ {6}/.test(line))
    .join('\n');
}

describe('new namespaces', () => {
  test('a container without namespaces is still a process of its own', () => {
    expect(calls({})).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process
            clone3({flags=}) = <child>"
    `);
  });

  test('all kinds come from one clone', () => {
    expect(
      calls({ unshare: ['mount', 'uts', 'ipc', 'pid', 'net', 'cgroup', 'time'] }, rootHost, {
        cloneIntoCgroup: 'cgroup2',
      }),
    ).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process in new uts, ipc, net, cgroup, pid, time and mount namespaces
            clone3({flags=CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWCGROUP|CLONE_NEWPID|CLONE_NEWTIME|CLONE_NEWNS, cgroup=<cgroup2>}) = <child>"
    `);
  });

  test('the cgroup namespace waits until the container has entered its cgroups', () => {
    expect(calls({ unshare: ['cgroup', 'pid'] }, rootHost, { joinsCgroupLate: true })).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process in a new pid namespace
            clone3({flags=CLONE_NEWPID}) = <child>
        2 [identity] create a new cgroup namespace
            unshare(CLONE_NEWCGROUP)"
    `);
  });

  test('a time namespace with offsets is made by the launcher', () => {
    expect(calls({ unshare: ['time'], timeOffsets: { monotonicMs: -1500, boottimeMs: 86_400_000 } }))
      .toMatchInlineSnapshot(`
      "  1 [join] create a new time namespace and move its clocks
            unshare(CLONE_NEWTIME)
            openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY|O_CLOEXEC, 0) = <namespaces.file>
            write(<namespaces.file>, "monotonic -2 500000000\\nboottime 86400 0\\n", 40)
            close(<namespaces.file>)
        2 [clone] create the container's process
            clone3({flags=}) = <child>"
    `);
  });

  test('before Linux 6.3 the clone takes no time namespace', () => {
    const host = { ...rootHost, kernel: { release: '6.1.0', major: 6, minor: 1 } };
    expect(calls({ unshare: ['time'] }, host)).toMatchInlineSnapshot(`
      "  1 [join] create a new time namespace
            unshare(CLONE_NEWTIME)
        2 [clone] create the container's process
            clone3({flags=}) = <child>"
    `);
  });

  test('a new uts namespace is named after the container', () => {
    expect(calls({ unshare: ['uts'] }, rootHost, { name: 'x' })).toContain('sethostname("x", 1)');
    expect(calls({ unshare: ['uts'], hostname: 'wéb' }, rootHost, { name: 'x' })).toContain('sethostname("wéb", 4)');
    expect(calls({ unshare: ['pid'] }, rootHost, { name: 'x' })).not.toContain('sethostname');
  });

  test('a persisted namespace replaces what an earlier one left, and nothing else', () => {
    expect(calls({ unshare: ['net'], persist: [{ kind: 'net', path: '/run/netns/blue' }] })).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process in a new net namespace
            clone3({flags=CLONE_NEWNET}) = <child>
        2 [parent] keep the net namespace as /run/netns/blue
            openat(AT_FDCWD, "/run/netns/blue", O_RDONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600) = <namespaces.persist.made.0>   or EEXIST
            openat(AT_FDCWD, "/proc/<child>", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <namespaces.persist.child>
            open_tree(<namespaces.persist.child>, "ns/net", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <namespaces.persist.tree>
            close(<namespaces.persist.child>)
            openat(AT_FDCWD, "/run/netns/blue", O_RDONLY|O_NOFOLLOW|O_CLOEXEC, 0) = <namespaces.persist.file>
            ioctl(<namespaces.persist.file>, NS_GET_NSTYPE, 0)   or ENOTTY
            umount2("/run/netns/blue", MNT_DETACH|UMOUNT_NOFOLLOW)
            close(<namespaces.persist.file>)
            move_mount(<namespaces.persist.tree>, "", AT_FDCWD, "/run/netns/blue", MOVE_MOUNT_F_EMPTY_PATH)
            fcntl(<namespaces.persist.tree>, F_DUPFD_CLOEXEC, 3) = <namespaces.persist.tree.0>
            close(<namespaces.persist.tree>)
        3 [undo] let go of the net namespace at /run/netns/blue, if the start has failed
            fcntl(<namespaces.persist.tree.0>, F_GETFD, 0)   or EBADF
            umount2("/run/netns/blue", MNT_DETACH|UMOUNT_NOFOLLOW)
            fcntl(<namespaces.persist.made.0>, F_GETFD, 0)   or EBADF
            unlinkat(AT_FDCWD, "/run/netns/blue", 0)   or ENOENT"
    `);
  });
});

describe('id maps', () => {
  test('root maps every id to itself, from outside', () => {
    expect(calls({ unshare: ['user'] })).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process in a new user namespace
            clone3({flags=CLONE_NEWUSER}) = <child>
        2 [parent] map users and groups into the new user namespace
            openat(AT_FDCWD, "/proc/<child>", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <namespaces.child>
            openat(<namespaces.child>, "uid_map", O_WRONLY|O_CLOEXEC, 0) = <namespaces.file>
            write(<namespaces.file>, "0 0 4294967295\\n", 15)
            close(<namespaces.file>)
            openat(<namespaces.child>, "gid_map", O_WRONLY|O_CLOEXEC, 0) = <namespaces.file>
            write(<namespaces.file>, "0 0 4294967295\\n", 15)
            close(<namespaces.file>)
            close(<namespaces.child>)
        3 [identity] become root of the user namespace
            setgroups(0, 0)
            setresgid(0, 0, 0)
            setresuid(0, 0, 0)"
    `);
  });

  test('root of a user namespace maps what that one has', () => {
    const part = [{ start: 0, count: 1000 }];
    const { userNamespaces } = rootHost;
    const host = { ...rootHost, userNamespaces: { ...userNamespaces, uids: part, gids: [{ start: 0, count: 1 }] } };
    const lines = calls({ unshare: ['user'] }, host).match(/write\(<namespaces.file>, "[^"]*/g);
    expect(lines).toEqual(['write(<namespaces.file>, "0 0 1000\\n', 'write(<namespaces.file>, "0 0 1\\n']);
  });

  test('an ordinary user maps itself, from inside', () => {
    expect(calls({ unshare: ['user', 'pid'] }, userHost)).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process in new pid and user namespaces
            clone3({flags=CLONE_NEWPID|CLONE_NEWUSER}) = <child>
        2 [identity] map its own user and group into the new user namespace
            openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY|O_CLOEXEC, 0) = <namespaces.file>
            write(<namespaces.file>, "deny", 4)
            close(<namespaces.file>)
            openat(AT_FDCWD, "/proc/self/uid_map", O_WRONLY|O_CLOEXEC, 0) = <namespaces.file>
            write(<namespaces.file>, "0 1000 1\\n", 9)
            close(<namespaces.file>)
            openat(AT_FDCWD, "/proc/self/gid_map", O_WRONLY|O_CLOEXEC, 0) = <namespaces.file>
            write(<namespaces.file>, "0 1000 1\\n", 9)
            close(<namespaces.file>)"
    `);
  });

  test('an ordinary user gets its subordinate ids through newuidmap when it asks', () => {
    expect(calls({ unshare: ['user'], uidMap: 'auto', gidMap: 'auto' }, userHost)).toMatchInlineSnapshot(`
      "  1 [clone] create the container's process in a new user namespace
            clone3({flags=CLONE_NEWUSER}) = <child>
        2 [parent] map users and groups into the new user namespace by newuidmap and newgidmap
            (Node runs: newuidmap <child> 0 1000 1 1 100000 65536)
            (Node runs: newgidmap <child> 0 1000 1 1 200000 65536)
        3 [identity] become root of the user namespace
            setgroups(0, 0)   or EPERM
            setresgid(0, 0, 0)
            setresuid(0, 0, 0)"
    `);
  });

  test('without subordinate ids, auto is self', () => {
    const host = { ...userHost, userNamespaces: { ...userHost.userNamespaces, subgid: [] } };
    expect(calls({ unshare: ['user'], uidMap: 'auto', gidMap: 'auto' }, host)).toBe(
      calls({ unshare: ['user'] }, userHost),
    );
  });

  test('nobody is the least: for root a user who owns nothing, for everybody else the caller', () => {
    const section = { unshare: ['user'], uidMap: 'nobody', gidMap: 'nobody' } as const;
    expect(calls(section, rootHost)).toContain('"0 65534 1\\n"');
    expect(calls(section, userHost)).toBe(calls({ unshare: ['user'], uidMap: 'self', gidMap: 'self' }, userHost));
  });

  test('nobody becomes a root that is not mapped', () => {
    const uidMap = [{ inside: 1000, outside: 1000, count: 1 }];
    const plan = calls({ unshare: ['user'], uidMap, gidMap: uidMap }, userHost);
    expect(plan).toContain('"1000 1000 1\\n"');
    expect(plan).not.toContain('setresuid');
  });

  test('other parts hear of the map', () => {
    const section = sectionWith({ unshare: ['user', 'mount'] });
    expect(namespaces.facts(section, userHost)).toEqual({
      unshared: ['user', 'mount'],
      entered: [],
      idMap: {
        kind: 'self',
        uid: [{ inside: 0, outside: 1000, count: 1 }],
        gid: [{ inside: 0, outside: 1000, count: 1 }],
      },
    });
  });
});

describe('entered namespaces', () => {
  const enter = [
    { kind: 'user', pid: 7 },
    { kind: 'mount', pid: 7 },
    { kind: 'net', path: '/run/netns/blue' },
    { kind: 'pid', pid: 7 },
  ] as const;

  test('root opens all, gets out of reach, and enters the user namespace last', () => {
    expect(calls({ enter })).toMatchInlineSnapshot(`
      "  1 [prepare] open the namespaces that the container joins
            openat(AT_FDCWD, "/proc/7/ns/user", O_RDONLY|O_CLOEXEC, 0) = <namespaces.enter.user>
            openat(AT_FDCWD, "/proc/7/ns/mnt", O_RDONLY|O_CLOEXEC, 0) = <namespaces.enter.mount>
            openat(AT_FDCWD, "/run/netns/blue", O_RDONLY|O_CLOEXEC, 0) = <namespaces.enter.net>
            openat(AT_FDCWD, "/proc/7/ns/pid", O_RDONLY|O_CLOEXEC, 0) = <namespaces.enter.pid>
        2 [join] forbid others to trace this process or to read its memory
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        3 [join] join the net namespace /run/netns/blue
            setns(<namespaces.enter.net>, CLONE_NEWNET)
        4 [join] join the pid namespace of process 7
            setns(<namespaces.enter.pid>, CLONE_NEWPID)
        5 [join] join the mount namespace of process 7
            setns(<namespaces.enter.mount>, CLONE_NEWNS)
        6 [join] join the user namespace of process 7
            setns(<namespaces.enter.user>, CLONE_NEWUSER)
        7 [clone] create the container's process
            clone3({flags=}) = <child>
        8 [identity] become root of the user namespace
            setgroups(0, 0)   or EPERM
            setresgid(0, 0, 0)   or EINVAL
            setresuid(0, 0, 0)   or EINVAL"
    `);
  });

  test('an ordinary user enters the user namespace first', () => {
    const plan = calls({ enter }, userHost);
    expect([...plan.matchAll(/CLONE_NEW\w+/g)].map(String)).toEqual([
      'CLONE_NEWUSER',
      'CLONE_NEWNET',
      'CLONE_NEWPID',
      'CLONE_NEWNS',
    ]);
  });

  test('with a new user namespace, the process stays dumpable until its id map is written', () => {
    const plan = calls({ enter: [{ kind: 'net', pid: 7 }], unshare: ['user'] }, userHost);
    expect(plan.indexOf('PR_SET_DUMPABLE')).toBeGreaterThan(plan.indexOf('gid_map'));
  });
});

test('on arm64 the flags have the values of arm64', () => {
  const section = sectionWith({ unshare: ['user'] });
  const steps = namespaces.plan(section, contextOf(section, { ...rootHost, arch: 'arm64' }));
  expect(JSON.stringify(steps)).toContain(String(0o10000000 + 0o40000 + 0o2000000));
});

test('step ids are unique', () => {
  const section = sectionWith({
    unshare: ['user', 'uts', 'cgroup'],
    enter: [{ kind: 'net', pid: 7 }],
    persist: [
      { kind: 'uts', path: '/a' },
      { kind: 'user', path: '/b' },
    ],
    hostname: 'x',
    domainname: 'y',
  });
  const ids = namespaces.plan(section, contextOf(section, rootHost, { joinsCgroupLate: true })).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
