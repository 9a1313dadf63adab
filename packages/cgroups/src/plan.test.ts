/** What the cgroups part asks of the kernel, as the plan that people read. */
import { orderSteps, renderPlan, type HostFacts, type Step } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { contextOf, hostWith, hybridHost, v2With } from './fixture.js';
import { cgroups } from './part.js';
import type { CgroupsSection } from './section.js';

function steps(section: CgroupsSection, host: HostFacts): readonly Step[] {
  return orderSteps(cgroups.plan(section, contextOf(section, host)));
}

/** The plan without reasons: phases, labels and calls. */
function calls(section: CgroupsSection, host: HostFacts): string {
  return renderPlan({ version: 1, name: '', steps: steps(section, host), warnings: [] })
    .split('\n')
    .filter((line) => /^ +\d+ \[|^ {6}/.test(line))
    .join('\n');
}

/** What is written to which file. */
function limits(section: CgroupsSection, host: HostFacts): readonly string[] {
  return steps(section, host)
    .filter(({ id }) => id.startsWith('cgroups.limit.'))
    .map(({ label }) => label.replace(/ of (haco\/)?x$/, ''));
}

describe('groups', () => {
  test('a container without limits has no group', () => {
    expect(cgroups.plan({}, contextOf({}, hybridHost))).toEqual([]);
    expect(cgroups.facts({}, hybridHost)).toEqual({ joinsCgroupLate: false });
  });

  test('a limit on v1: one group, entered by the container itself, removed after its end', () => {
    expect(calls({ memory: 268_435_456 }, hybridHost)).toMatchInlineSnapshot(`
      "  1 [prepare] make the group haco/x in /sys/fs/cgroup/memory/service
            openat(AT_FDCWD, "/sys/fs/cgroup/memory/service", O_PATH|O_DIRECTORY|O_CLOEXEC) = <cgroups.base.memory>
            mkdirat(<cgroups.base.memory>, "haco/x", 0755)   or ENOENT
            mkdirat(<cgroups.base.memory>, "haco", 0755)   or EEXIST
            mkdirat(<cgroups.base.memory>, "haco/x", 0755)   or ENOENT
            openat(<cgroups.base.memory>, "haco/x", O_PATH|O_DIRECTORY|O_CLOEXEC) = <cgroups.dir.memory>
            openat(<cgroups.dir.memory>, "tasks", O_WRONLY|O_CLOEXEC) = <cgroups.join.memory>
        2 [prepare] write "268435456" to memory.limit_in_bytes of haco/x
            openat(<cgroups.dir.memory>, "memory.limit_in_bytes", O_WRONLY|O_CLOEXEC) = <cgroups.file>
            write(<cgroups.file>, "268435456", 9)
            close(<cgroups.file>)
        3 [identity] enter the group in memory
            write(<cgroups.join.memory>, "0", 1)
        4 [undo] kill what is left in haco/x
            openat(<cgroups.dir.memory>, "cgroup.procs", O_RDONLY|O_CLOEXEC)   or EBADF, ENOENT
            kill(<each pid in cgroup.procs>, SIGKILL)
        5 [undo] read what haco/x has used
            openat(<cgroups.dir.memory>, "memory.oom_control", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &memory.oom_control, 511)   or ENODEV
            openat(<cgroups.dir.memory>, "memory.failcnt", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &memory.failcnt, 511)   or ENODEV
            openat(<cgroups.dir.memory>, "memory.max_usage_in_bytes", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &memory.max_usage_in_bytes, 511)   or ENODEV
        6 [undo] remove haco/x
            fcntl(<cgroups.dir.memory>, F_GETFD, 0)   or EBADF
            unlinkat(AT_FDCWD, "/sys/fs/cgroup/unified/haco/x~frozen", AT_REMOVEDIR)   or ENOENT
            unlinkat(AT_FDCWD, "/sys/fs/cgroup/unified/haco", AT_REMOVEDIR)   or ENOENT, EBUSY, ENOTEMPTY
            unlinkat(<cgroups.dir.memory>, "../x", AT_REMOVEDIR)   or EBADF, ENOENT
            unlinkat(<cgroups.base.memory>, "haco", AT_REMOVEDIR)   or EBADF, ENOENT, EBUSY, ENOTEMPTY"
    `);
  });

  test('each v1 hierarchy gets a group, and all are entered in one step', () => {
    const plan = steps({ cpu: 50, memory: 268_435_456, pids: 64 }, hybridHost);
    expect(plan.map(({ id, phase }) => `${phase} ${id}`)).toMatchInlineSnapshot(`
      [
        "prepare cgroups.create.cpu",
        "prepare cgroups.limit.cpu.cfs_quota_us",
        "prepare cgroups.create.memory",
        "prepare cgroups.limit.memory.limit_in_bytes",
        "prepare cgroups.create.pids",
        "prepare cgroups.limit.pids.max",
        "identity cgroups.join",
        "undo cgroups.stop",
        "undo cgroups.read",
        "undo cgroups.remove",
      ]
    `);
    expect(plan.find(({ id }) => id === 'cgroups.join')?.operations).toHaveLength(3);
  });

  test('v1 controllers that share a mount share a group', () => {
    const mount = { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownGroup: '/', writable: true };
    const host = hostWith({ mode: 'v1', v1: { cpu: mount, cpuacct: mount } });
    const plan = steps({ cpu: 50, keys: { 'cpuacct.usage': '0' } }, host);
    expect(plan.filter(({ id }) => id.startsWith('cgroups.create'))).toHaveLength(1);
  });

  test('limits on v2: the container is cloned into its group', () => {
    const host = hostWith(v2With({ subtreeControl: ['memory'] }));
    expect(calls({ cpu: 50, memory: 268_435_456, pids: 64 }, host)).toMatchInlineSnapshot(`
      "  1 [prepare] make the group haco/x in /sys/fs/cgroup
            openat(AT_FDCWD, "/sys/fs/cgroup", O_PATH|O_DIRECTORY|O_CLOEXEC) = <cgroups.base.v2>
            mkdirat(<cgroups.base.v2>, "haco/x", 0755)   or ENOENT
            mkdirat(<cgroups.base.v2>, "haco", 0755)   or EEXIST
            mkdirat(<cgroups.base.v2>, "haco/x", 0755)   or ENOENT
            openat(<cgroups.base.v2>, "haco/x", O_PATH|O_DIRECTORY|O_CLOEXEC) = <cgroup2>
        2 [prepare] hand cpu, memory, pids down to the group
            openat(<cgroups.base.v2>, "cgroup.subtree_control", O_WRONLY|O_CLOEXEC) = <cgroups.file>
            write(<cgroups.file>, "+cpu +pids", 10)
            close(<cgroups.file>)
            openat(<cgroups.base.v2>, "haco/cgroup.subtree_control", O_WRONLY|O_CLOEXEC) = <cgroups.file>
            write(<cgroups.file>, "+cpu +memory +pids", 18)
            close(<cgroups.file>)
        3 [prepare] write "50000 100000" to cpu.max of haco/x
            openat(<cgroup2>, "cpu.max", O_WRONLY|O_CLOEXEC) = <cgroups.file>
            write(<cgroups.file>, "50000 100000", 12)
            close(<cgroups.file>)
        4 [prepare] write "268435456" to memory.max of haco/x
            openat(<cgroup2>, "memory.max", O_WRONLY|O_CLOEXEC) = <cgroups.file>
            write(<cgroups.file>, "268435456", 9)
            close(<cgroups.file>)
        5 [prepare] write "64" to pids.max of haco/x
            openat(<cgroup2>, "pids.max", O_WRONLY|O_CLOEXEC) = <cgroups.file>
            write(<cgroups.file>, "64", 2)
            close(<cgroups.file>)
        6 [undo] kill what is left in haco/x
            openat(<cgroup2>, "cgroup.kill", O_WRONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            write(<cgroups.file>, "1", 1)   or ENODEV
        7 [undo] read what haco/x has used
            openat(<cgroup2>, "cpu.stat", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &cpu.stat, 511)   or ENODEV
            openat(<cgroup2>, "memory.events", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &memory.events, 511)   or ENODEV
            openat(<cgroup2>, "memory.peak", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &memory.peak, 511)   or ENODEV
            openat(<cgroup2>, "pids.events", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &pids.events, 511)   or ENODEV
            openat(<cgroup2>, "pids.peak", O_RDONLY|O_CLOEXEC) = <cgroups.file>   or EBADF, ENOENT
            read(<cgroups.file>, &pids.peak, 511)   or ENODEV
        8 [undo] remove haco/x
            unlinkat(<cgroup2>, "../x", AT_REMOVEDIR)   or EBADF, ENOENT
            unlinkat(<cgroups.base.v2>, "haco", AT_REMOVEDIR)   or EBADF, ENOENT, EBUSY, ENOTEMPTY"
    `);
    expect(cgroups.facts({ cpu: 50 }, host)).toEqual({ joinsCgroupLate: true, cloneIntoCgroup: 'cgroup2' });
  });

  test('a container that begins frozen is frozen by a launcher that goes on', () => {
    const phaseOf = (section: CgroupsSection): string | undefined =>
      steps(section, hostWith(v2With())).find(({ id }) => id === 'cgroups.limit.cgroup.freeze')?.phase;
    expect(phaseOf({ keys: { 'cgroup.freeze': '1' } })).toBe('parent');
    expect(phaseOf({ keys: { 'freezer.state': 'FROZEN' } })).toBe('parent');
    expect(phaseOf({ keys: { 'cgroup.freeze': '0' } })).toBe('prepare');
  });

  test('without CLONE_INTO_CGROUP the container enters its v2 group itself', () => {
    const host = hostWith(v2With(), { features: { ...hybridHost.features, clone_into_cgroup: false } });
    const join = steps({ pids: 1 }, host).find(({ id }) => id === 'cgroups.join');
    expect(join?.operations).toEqual([
      { op: 'syscall', name: 'write', args: [{ slot: 'cgroups.join.v2' }, '0', 1], expect: 1 },
    ]);
    expect(cgroups.facts({ pids: 1 }, host)).toEqual({ joinsCgroupLate: true });
  });

  test('without cgroup.kill what is left is killed one by one, after forks have been stopped', () => {
    const host = hostWith(v2With(), { features: { ...hybridHost.features, cgroup_kill: false } });
    const stop = steps({ pids: 1 }, host).find(({ id }) => id === 'cgroups.stop');
    expect(stop?.operations.at(-1)).toEqual({ op: 'kill-listed', dir: 'cgroup2', file: 'cgroup.procs' });
    expect(stop?.operations[0]).toMatchObject({ args: [{ slot: 'cgroup2' }, 'pids.max', expect.anything()] });
  });

  test('on a hybrid host each key goes to the hierarchy that has its controller', () => {
    const plan = steps({ memory: 4096, keys: { 'hugetlb.2MB.max': '0' } }, hybridHost);
    expect(plan.filter(({ id }) => id.startsWith('cgroups.create')).map(({ label }) => label)).toEqual([
      'make the group haco/x in /sys/fs/cgroup/memory/service',
      'make the group haco/x in /sys/fs/cgroup/unified',
    ]);
  });

  test('root on a v2 host whose own group has processes works below the root group', () => {
    const own = { ownGroup: '/user.slice/session-1.scope' };
    const label = (host: HostFacts): string | undefined => steps({ pids: 1 }, host)[0]?.label;
    expect(label(hostWith(v2With(own)))).toBe('make the group haco/x in /sys/fs/cgroup');
    expect(label(hostWith(v2With({ ...own, subtreeControl: ['pids'] })))).toBe(
      'make the group haco/x in /sys/fs/cgroup/user.slice/session-1.scope',
    );
    expect(label(hostWith(v2With(own), { euid: 1000 }))).toBe(
      'make the group haco/x in /sys/fs/cgroup/user.slice/session-1.scope',
    );
  });

  test('a parent that was asked for is neither made nor removed', () => {
    const plan = steps({ pids: 1, parent: 'ci/nightly' }, hybridHost);
    const made = plan
      .flatMap(({ operations }) => operations)
      .flatMap((operation) => (operation.op === 'syscall' ? [operation] : []))
      .filter(({ name }) => name === 'mkdirat' || name === 'unlinkat');
    expect(plan[0]?.label).toBe('make the group x in /sys/fs/cgroup/pids/ci/nightly');
    const paths = made.map(({ args }) => args[1]);
    // What a freeze made lies below the own group.
    expect(paths.filter((path) => !String(path).startsWith('/sys/fs/cgroup/unified/haco'))).toEqual(['x', '../x']);
  });

  test('every undo operation tolerates that its group was never made', () => {
    for (const host of [hybridHost, hostWith(v2With())]) {
      const undo = steps({ cpu: 50, memory: 4096, pids: 1 }, host).filter(({ phase }) => phase === 'undo');
      for (const { operations } of undo) {
        let guarded = 0;
        for (const operation of operations) {
          if (guarded > 0) guarded -= 1;
          else {
            expect(operation).toMatchObject({ tolerate: expect.arrayContaining(['EBADF']) as unknown });
            guarded = operation.op === 'syscall' ? (operation.skipOnTolerated ?? 0) : 0;
          }
        }
      }
    }
  });

  test('no operation tolerates more errors than the launcher can hold', () => {
    const all = steps({ cpu: 50, memory: 4096, pids: 1 }, hybridHost).flatMap(({ operations }) => operations);
    for (const operation of all) {
      if (operation.op === 'syscall') expect((operation.tolerate ?? []).length).toBeLessThanOrEqual(4);
    }
  });
});

describe('limits', () => {
  const v2 = hostWith(v2With());

  test('percent of one CPU become a quota of 100 ms', () => {
    expect(limits({ cpu: 50 }, hybridHost)).toEqual(['write "50000" to cpu.cfs_quota_us']);
    expect(limits({ cpu: 50 }, v2)).toEqual(['write "50000 100000" to cpu.max']);
    expect(limits({ cpu: 1 }, v2)).toEqual(['write "1000 100000" to cpu.max']);
    expect(limits({ cpu: 250.5 }, v2)).toEqual(['write "250500 100000" to cpu.max']);
  });

  test('memory and pids have the names of the version', () => {
    expect(limits({ memory: 1_048_576, pids: 3 }, hybridHost)).toEqual([
      'write "1048576" to memory.limit_in_bytes',
      'write "3" to pids.max',
    ]);
    expect(limits({ memory: 1_048_576, pids: 3 }, v2)).toEqual([
      'write "1048576" to memory.max',
      'write "3" to pids.max',
    ]);
  });

  test('a raw key overrides the verb that writes the same file, whatever its spelling', () => {
    expect(limits({ memory: 4096, keys: { 'memory.max': '8192' } }, hybridHost)).toEqual([
      'write "8192" to memory.limit_in_bytes',
    ]);
    expect(limits({ memory: 4096, keys: { 'memory.limit_in_bytes': '8192' } }, v2)).toEqual([
      'write "8192" to memory.max',
    ]);
  });

  test('the limit of memory and swap together is written after that of memory', () => {
    expect(
      limits({ keys: { 'memory.memsw.limit_in_bytes': '8192', 'memory.limit_in_bytes': '4096' } }, hybridHost),
    ).toEqual(['write "4096" to memory.limit_in_bytes', 'write "8192" to memory.memsw.limit_in_bytes']);
  });

  test('keys that haco has no words for are written as they are', () => {
    expect(limits({ keys: { 'memory.pressure_level': 'low', 'hugetlb.2MB.max': '0' } }, hybridHost)).toEqual([
      'write "low" to memory.pressure_level',
      'write "0" to hugetlb.2MB.max',
    ]);
  });

  test('each write says what it enforces', () => {
    const enforced = steps({ cpu: 50, keys: { 'cpu.weight': '50' } }, v2).flatMap(({ enforces }) => enforces ?? []);
    expect(enforced).toEqual(['cpu', 'cpu.weight']);
  });
});
