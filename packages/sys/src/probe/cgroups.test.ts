import { describe, expect, it } from 'vitest';
import { probeCgroups, relativeGroup } from './cgroups.js';
import { fakeHost } from './fake-host.js';

/** The facts for a mountinfo and a membership, one line per element. */
function facts(fields: {
  readonly mounts: readonly string[];
  readonly membership: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly writable?: readonly string[];
}) {
  const files = {
    '/proc/self/mountinfo': `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${fields.mounts.join('\n')}\n`,
    '/proc/self/cgroup': `${fields.membership.join('\n')}\n`,
    ...fields.files,
  };
  return probeCgroups(fakeHost({ files, writable: fields.writable ?? [] }));
}

describe('probeCgroups', () => {
  it('describes a v1 host, where co-mounted controllers share a mount', () => {
    const { mode, v1, v2 } = facts({
      mounts: [
        '30 22 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755',
        '31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 - cgroup cgroup rw,cpu,cpuacct',
        '32 30 0:28 / /sys/fs/cgroup/memory rw,nosuid shared:11 - cgroup cgroup rw,memory',
        '33 30 0:29 / /sys/fs/cgroup/systemd rw shared:12 - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd',
      ],
      membership: ['11:cpu,cpuacct:/user.slice', '5:memory:/', '4:pids:/user.slice', '1:name=systemd:/user.slice/x'],
      writable: ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/cpu,cpuacct/user.slice'],
    });
    expect(mode).toBe('v1');
    expect(v2).toBeUndefined();
    const cpu = { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownGroup: '/user.slice', writable: true };
    expect(v1).toEqual({
      cpu,
      cpuacct: cpu,
      memory: { mountPoint: '/sys/fs/cgroup/memory', ownGroup: '/', writable: true },
      'name=systemd': { mountPoint: '/sys/fs/cgroup/systemd', ownGroup: '/user.slice/x', writable: false },
    });
  });

  it('describes a v2 host under systemd, from inside a delegated user service', () => {
    const own = '/user.slice/user-1000.slice/user@1000.service/app.slice/app-shell@1.service';
    const directory = `/sys/fs/cgroup${own}`;
    expect(
      facts({
        mounts: ['35 22 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot'],
        membership: [`0::${own}`],
        files: {
          [`${directory}/cgroup.controllers`]: 'cpu memory pids\n',
          [`${directory}/cgroup.subtree_control`]: '\n',
          '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu memory pids\n',
        },
        writable: [directory],
      }),
    ).toEqual({
      mode: 'v2',
      v1: {},
      v2: {
        mountPoint: '/sys/fs/cgroup',
        ownGroup: own,
        writable: true,
        controllers: ['cpu', 'memory', 'pids'],
        subtreeControl: [],
        top: { isRoot: true, controllers: ['cpuset', 'cpu', 'memory', 'pids'], writable: false },
      },
    });
  });

  it('sees that a login session without delegation is not writable', () => {
    const { v2 } = facts({
      mounts: ['35 22 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate'],
      membership: ['0::/user.slice/user-1000.slice/session-3.scope'],
      writable: ['/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service'],
    });
    expect(v2).toMatchObject({ ownGroup: '/user.slice/user-1000.slice/session-3.scope', writable: false });
  });

  it('describes a hybrid host, v2 beside v1 controllers', () => {
    const { mode, v1, v2 } = facts({
      mounts: [
        '31 22 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
        '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
        '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      ],
      membership: ['2:cpuacct:/', '1:cpu:/', '0::/'],
      files: {
        '/sys/fs/cgroup/unified/cgroup.controllers': 'hugetlb\n',
        '/sys/fs/cgroup/unified/cgroup.subtree_control': 'hugetlb\n',
      },
      writable: ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/unified'],
    });
    expect(mode).toBe('hybrid');
    expect(Object.keys(v1)).toEqual(['cpu']);
    expect(v2).toEqual({
      mountPoint: '/sys/fs/cgroup/unified',
      ownGroup: '/',
      writable: true,
      controllers: ['hugetlb'],
      subtreeControl: ['hugetlb'],
      top: { isRoot: true, controllers: ['hugetlb'], writable: true },
    });
  });

  it('calls a host v2 when its only v1 hierarchy is a named one', () => {
    const { mode, v1 } = facts({
      mounts: [
        '31 22 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
        '32 31 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd',
      ],
      membership: ['1:name=systemd:/', '0::/'],
    });
    expect(mode).toBe('v2');
    expect(Object.keys(v1)).toEqual(['name=systemd']);
  });

  it('finds the own group inside a Docker container on v1, where only a part is mounted, read-only', () => {
    const { v1 } = facts({
      mounts: [
        '31 22 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755',
        '32 31 0:29 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:11 - cgroup memory rw,memory',
        '33 31 0:30 /docker/abc /sys/fs/cgroup/pids ro,nosuid master:12 - cgroup pids rw,pids',
      ],
      membership: ['6:memory:/docker/abc/x', '5:pids:/docker/abc', '0::/docker/abc'],
    });
    expect(v1).toEqual({
      memory: { mountPoint: '/sys/fs/cgroup/memory', ownGroup: '/x', writable: false },
      pids: { mountPoint: '/sys/fs/cgroup/pids', ownGroup: '/', writable: false },
    });
  });

  it('is at the top inside a container with its own cgroup namespace', () => {
    const { mode, v2 } = facts({
      mounts: ['31 22 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate'],
      membership: ['0::/'],
      files: {
        '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
        // The root of the hierarchy has no such file.
        '/sys/fs/cgroup/cgroup.type': 'domain\n',
      },
      writable: ['/sys/fs/cgroup'],
    });
    expect(mode).toBe('v2');
    expect(v2?.top?.isRoot).toBe(false);
    expect(v2).toMatchObject({ ownGroup: '/', writable: true, subtreeControl: [] });
    expect(v2?.controllers).toContain('misc');
  });

  it('counts a process in a leaf as being in the group above, and says whether others are there', () => {
    const inLeaf = (procs: string): unknown =>
      facts({
        mounts: ['31 22 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'],
        membership: ['0::/x.scope/haco-self'],
        files: {
          '/sys/fs/cgroup/x.scope/cgroup.procs': procs,
          '/sys/fs/cgroup/x.scope/cgroup.controllers': 'cpu pids\n',
        },
        writable: ['/sys/fs/cgroup/x.scope'],
      }).v2;
    const above = { ownGroup: '/x.scope', writable: true, controllers: ['cpu', 'pids'] };
    expect(inLeaf('')).toMatchObject({ ...above, occupied: false });
    expect(inLeaf('1234\n')).toMatchObject({ ...above, occupied: true });
  });

  it('prefers the mount that shows the own group', () => {
    const { v2 } = facts({
      mounts: [
        '31 22 0:28 /other /sys/fs/cgroup rw - cgroup2 cgroup rw',
        '32 22 0:28 /mine /run/cgroup rw - cgroup2 cgroup rw',
      ],
      membership: ['0::/mine/x'],
    });
    expect(v2).toMatchObject({ mountPoint: '/run/cgroup', ownGroup: '/x' });
  });

  it('does not count hierarchies that a later mount hides', () => {
    const { mode } = facts({
      mounts: [
        '30 22 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro',
        '31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
        '40 30 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
      ],
      membership: ['1:cpu:/'],
    });
    expect(mode).toBe('none');
  });

  it('finds nothing where nothing is mounted', () => {
    expect(facts({ mounts: [], membership: ['0::/'] })).toEqual({ mode: 'none', v1: {} });
    expect(probeCgroups(fakeHost({ files: {} }))).toEqual({ mode: 'none', v1: {} });
  });
});

describe('relativeGroup', () => {
  it('cuts off what the mount does not show', () => {
    expect(relativeGroup('/', '/a/b')).toBe('/a/b');
    expect(relativeGroup('/a', '/a/b')).toBe('/b');
    expect(relativeGroup('/a', '/a')).toBe('/');
  });

  it('takes the top of the mount when the own group is elsewhere', () => {
    expect(relativeGroup('/a', '/ab')).toBe('/');
    expect(relativeGroup('/', '/../x')).toBe('/');
    expect(relativeGroup('/../..', '/')).toBe('/');
  });
});
