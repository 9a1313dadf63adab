/** What people may ask of the cgroups part, and what it answers. */
import { Rejected, type HostFacts } from '@haco/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCgroupConflict } from './conflict.js';
import { contextOf, hostWith, hybridHost, v2With } from './fixture.js';
import { cgroups } from './part.js';
import type { CgroupsSection } from './section.js';

const { verbs } = cgroups;

function problems(section: CgroupsSection, name = 'x'): readonly string[] {
  const { facts } = contextOf(section, hybridHost, { name });
  return cgroups.validate(section, { facts }).map(({ path, message }) => `${path}: ${message}`);
}

function warnings(section: CgroupsSection, host: HostFacts): readonly string[] {
  return cgroups.check(section, contextOf(section, host)).map(({ kind, message }) => `${kind}: ${message}`);
}

describe('verbs', () => {
  test('each fills its field and replaces what was there', () => {
    expect(verbs.cpu({ cpu: 10, pids: 1 }, 50)).toEqual({ cpu: 50, pids: 1 });
    expect(verbs.memory({}, '256MiB')).toEqual({ memory: 268_435_456 });
    expect(verbs.pids({}, 64)).toEqual({ pids: 64 });
    expect(verbs.cgroupParent({}, 'ci')).toEqual({ parent: 'ci' });
  });

  test('raw keys add up, and one key replaces itself', () => {
    const section = verbs.cgroup({ keys: { 'cpu.weight': '1', 'memory.high': '1' } }, 'cpu.weight', 50);
    expect(section).toEqual({ keys: { 'cpu.weight': '50', 'memory.high': '1' } });
  });

  test.each([
    ['memory.', 'memory.: "memory." is not a cgroup key; write <controller>.<file>, e.g. "memory.high"'],
    ['../pids.max', '"../pids.max" is not a cgroup key; write <controller>.<file>, e.g. "memory.high"'],
    ['__proto__', '"__proto__" is not a cgroup key; write <controller>.<file>, e.g. "memory.high"'],
    ['memori.high', '"memori.high" belongs to no controller that haco knows; the controllers are blkio'],
    ['cgroup.procs', '"cgroup.procs" can\'t be set: it moves processes'],
    ['release_agent', '"release_agent" can\'t be set: the kernel would run a program on the host'],
    ['notify_on_release', '"notify_on_release" can\'t be set: the kernel would run a program on the host'],
    ['memory.release_agent', '(CVE-2022-0492), so haco never writes it'],
    ['memory.cgroup.event_control', 'it takes the numbers of open descriptors, which mean nothing in a spec'],
    ['cgroup.kill', 'haco writes it by itself'],
    ['cgroup.subtree_control', 'haco writes it by itself'],
  ])('the key %s is refused', (key, message) => {
    const outcome = verbs.cgroup({}, key, 1);
    expect(outcome).toBeInstanceOf(Rejected);
    expect((outcome as Rejected).issues[0]?.message).toContain(message.replace(/^memory\.: /, ''));
  });

  test.each([
    verbs.cpu({}, Number.NaN),
    verbs.memory({}, '12 parsecs'),
    verbs.pids({}, 1.5),
    verbs.cgroup({}, 'pids.max', '\n'),
  ])('what is no number, size or value is refused', (outcome) => {
    expect(outcome).toBeInstanceOf(Rejected);
  });
});

describe('validate', () => {
  test('names every limit that is out of range', () => {
    expect(problems({ cpu: 0.5, memory: 100, pids: 0 })).toEqual([
      'cgroups.cpu: 0.5 is not between 1 and 819200 percent of one CPU',
      'cgroups.memory: 100 is not between 4096 and 9007199254740991 bytes',
      'cgroups.pids: 0 is not between 1 and 4194304 processes',
    ]);
  });

  test.each([
    ['pids.max', -1, '-1 is below 0, which means nothing to pids.max; give 0 or more, or "max" for no limit'],
    ['pids.max', '-7', '-7 is below 0, which means nothing to pids.max; give 0 or more, or "max" for no limit'],
    ['memory.max', -1, '-1 is below 0, which means nothing to memory.max; give 0 or more, or "max" for no limit'],
    ['cpu.max', '-1 1000', '-1 is below 0, which means nothing to cpu.max; give 0 or more, or "max" for no limit'],
    ['cpu.shares', -5, '-5 is below 0, which means nothing to cpu.shares; give 0 or more'],
    [
      'memory.limit_in_bytes',
      '-7',
      '-7 is below 0, which means nothing to memory.limit_in_bytes; give 0 or more, or -1 for no limit',
    ],
  ])('a key %s of %s is refused, from a verb and from JSON', (key, value, message) => {
    expect(verbs.cgroup({}, key, value)).toMatchObject({ issues: [{ path: `cgroups.keys["${key}"]`, message }] });
    expect(problems({ keys: { [key]: String(value) } })).toEqual([`cgroups.keys["${key}"]: ${message}`]);
  });

  test.each([
    ...['limit_in_bytes', 'soft_limit_in_bytes', 'memsw.limit_in_bytes', 'kmem.limit_in_bytes'].map(
      (name) => `memory.${name}`,
    ),
    'memory.kmem.tcp.limit_in_bytes',
    'hugetlb.2MB.limit_in_bytes',
    'hugetlb.2MB.rsvd.limit_in_bytes',
    'cpu.cfs_quota_us',
    'cpu.rt_runtime_us',
    'cpu.weight.nice',
    'cpuset.sched_relax_domain_level',
    // What haco has no words for is the kernel's to judge.
    'memory.future',
  ])('-1 is a value of %s', (key) => {
    expect(verbs.cgroup({}, key, -1)).toEqual({ keys: { [key]: '-1' } });
  });

  test('keys from JSON are checked as those from verbs', () => {
    expect(problems({ keys: { 'nonsense.x': 'y' } })[0]).toMatch(/^cgroups\.keys\["nonsense\.x"\]: /);
  });

  test.each(['', '/ci', 'ci/', 'ci//x', '../ci', 'ci/..', 'a\0b'])('the parent %j is refused', (parent) => {
    expect(problems({ parent })[0]).toMatch(/^cgroups\.parent: must be names joined by \//);
  });

  test('a name that the kernel needs for a file is refused, but only when there is a group', () => {
    expect(problems({ pids: 1 }, 'cgroup.procs')[0]).toMatch(/^cgroups: a group can't be called "cgroup.procs"/);
    expect(problems({ pids: 1 }, 'tasks')).toHaveLength(1);
    expect(problems({}, 'tasks')).toEqual([]);
  });

  test('sections survive JSON', () => {
    const section = fc.record(
      {
        cpu: fc.integer({ min: 1, max: 1000 }),
        memory: fc.integer({ min: 4096, max: 2 ** 40 }),
        pids: fc.integer({ min: 1, max: 1000 }),
        keys: fc.dictionary(fc.constantFrom('cpu.weight', 'memory.high'), fc.constantFrom('1', 'max')),
        parent: fc.constantFrom('a', 'a/b'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(section, (given) => {
        const json: unknown = JSON.parse(JSON.stringify(given));
        expect(cgroups.parse(json)._unsafeUnwrap()).toEqual(given);
      }),
    );
  });

  test('JSON of another shape is refused with its paths', () => {
    const issues = cgroups.parse({ cpu: '50', keys: { 'cpu.weight': 5 }, quota: 1 })._unsafeUnwrapErr();
    expect(issues.map(({ path }) => path)).toEqual(['quota', 'cpu', 'keys["cpu.weight"]']);
  });
});

describe('check', () => {
  test('finds nothing on a host that can do it', () => {
    expect(warnings({ cpu: 50, memory: 4096, pids: 1 }, hybridHost)).toEqual([]);
    expect(warnings({ cpu: 50, memory: 4096, pids: 1 }, hostWith(v2With()))).toEqual([]);
  });

  test('a host without the controller', () => {
    expect(warnings({ memory: 4096 }, hostWith({ mode: 'none', v1: {} }))).toEqual([
      'unsupported: This host has no cgroup controller "memory", which memory() needs; leave it out, or check with "cat /proc/cgroups" and the kernel\'s command line (cgroup_disable, cgroup_enable).',
    ]);
  });

  test('a key that this version lacks', () => {
    expect(warnings({ keys: { 'memory.high': '1M' } }, hybridHost)).toEqual([
      'unsupported: cgroup v1, which this host uses for memory, can\'t express cgroup("memory.high", …); use memory.max, or allow the soft limit of v1 instead with degrade.',
    ]);
  });

  test('a controller that only the other version has', () => {
    expect(warnings({ keys: { 'io.max': '8:0 rbps=1' } }, hybridHost)[0]).toMatch(/no cgroup controller "io"/);
  });

  test('a hierarchy in which this process may make nothing', () => {
    const facts = v2With({ ownGroup: '/user.slice/x.scope', writable: false });
    expect(warnings({ pids: 1 }, hostWith(facts, { euid: 1000 }))).toEqual([
      'permission: Limits of pids need a group in /sys/fs/cgroup/user.slice/x.scope, which isn\'t delegated to this user; start it with "systemd-run --user --scope -p Delegate=yes …", let it call moveSelfToScope() of @haco/cgroups, or run it with sudo.',
    ]);
    expect(warnings({ pids: 1 }, hostWith(v2With({ writable: false })))).toEqual([
      'permission: Limits of pids need a group in /sys/fs/cgroup, which is read-only here; mount it read-write with "mount -o remount,rw /sys/fs/cgroup".',
    ]);
  });

  test('a delegated group that has processes itself', () => {
    const facts = v2With({ ownGroup: '/user.slice/x.scope' });
    expect(warnings({ pids: 1 }, hostWith(facts, { euid: 1000 }))[0]).toMatch(/doesn't hand pids down/);
    const handedDown = v2With({ ownGroup: '/user.slice/x.scope', subtreeControl: ['pids'] });
    expect(warnings({ pids: 1 }, hostWith(handedDown, { euid: 1000 }))).toEqual([]);
    const left = v2With({ ownGroup: '/user.slice/x.scope', occupied: false });
    expect(warnings({ pids: 1 }, hostWith(left, { euid: 1000 }))).toEqual([]);
  });

  test('the top of what a container is shown, which is a group like others to the kernel', () => {
    const controllers = ['cpu', 'memory', 'pids'];
    const facts = v2With({ top: { isRoot: false, controllers } });
    expect(warnings({ pids: 1 }, hostWith(facts))[0]).toMatch(
      /^permission: \/sys\/fs\/cgroup doesn't hand pids down to its children, and can't while processes are in it/,
    );
    const left = v2With({ top: { isRoot: false, controllers }, occupied: false });
    expect(warnings({ pids: 1 }, hostWith(left))).toEqual([]);
  });

  test('a root of a user namespace, to whom the root group is not given', () => {
    const top = { isRoot: true, controllers: ['cpu', 'memory', 'pids'], writable: false };
    const inSession = hostWith(v2With({ top, ownGroup: '/user.slice/x.scope', writable: false }));
    const uids = [{ start: 0, count: 1 }];
    const facts = { ...inSession, userNamespaces: { ...inSession.userNamespaces, uids } };
    expect(warnings({ pids: 1 }, facts)).toEqual([
      'permission: Limits of pids need a group in /sys/fs/cgroup/user.slice/x.scope, which isn\'t delegated to this user; start it with "systemd-run --user --scope -p Delegate=yes …", let it call moveSelfToScope() of @haco/cgroups, or run it with sudo.',
    ]);
  });

  test('a controller that not even the root group has', () => {
    const facts = v2With({ top: { isRoot: true, controllers: ['cpu', 'memory', 'pids'] }, ownGroup: '/x.service' });
    expect(warnings({ pids: 1 }, hostWith(facts))).toEqual([]);
    expect(warnings({ keys: { 'misc.max': 'x 1' } }, hostWith(facts))[0]).toMatch(
      /^unsupported: This host has no cgroup controller "misc"/,
    );
  });

  test('a parent that was asked for is below the own group, or beside it for root', () => {
    const facts = v2With({ ownGroup: '/system.slice/x.service' });
    expect(warnings({ pids: 1, parent: 'ci' }, hostWith(facts))).toEqual([]);
    expect(warnings({ pids: 1, parent: 'ci' }, hostWith(facts, { euid: 1000 }))[0]).toMatch(
      /^permission: \/sys\/fs\/cgroup\/system\.slice\/x\.service doesn't hand pids down/,
    );
  });

  test('processes of a group are never moved silently: how to move them is said', () => {
    const facts = v2With({ ownGroup: '/user.slice/x.scope' });
    expect(warnings({ pids: 1 }, hostWith(facts, { euid: 1000 }))).toEqual([
      'permission: /sys/fs/cgroup/user.slice/x.scope doesn\'t hand pids down to its children, and can\'t while processes are in it, by a rule of cgroup v2; haco moves none by itself: call moveSelfToLeaf() of @haco/cgroups, which moves them into haco-self below it, in a group of its own that "systemd-run --user --scope -p Delegate=yes …" makes.',
    ]);
  });

  test('names steps that the plan has', () => {
    const section = { cpu: 50, keys: { 'memory.high': '1M', 'io.max': '8:0 rbps=1' } };
    for (const host of [hybridHost, hostWith({ mode: 'none', v1: {} })]) {
      const context = contextOf(section, host);
      const ids = cgroups.plan(section, context).map(({ id }) => id);
      for (const { step } of cgroups.check(section, context)) expect(ids).toContain(step);
    }
  });
});

describe('conflict', () => {
  test('is a group that is there already', () => {
    expect(isCgroupConflict('cgroups.create.v2', 'EEXIST')).toBe(true);
    expect(isCgroupConflict('cgroups.create.v2', 'EACCES')).toBe(false);
    expect(isCgroupConflict('mounts.root', 'EEXIST')).toBe(false);
  });
});
