/** Limits that may be left out: by default none is, and what is left out is said. */
import type { HostFacts } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { describe, expect, test } from 'vitest';
import { contextOf, hostWith } from './fixture.js';
import { cgroups } from './part.js';
import type { CgroupsSection } from './section.js';

const { verbs } = cgroups;
const nothing = hostWith({ mode: 'none', v1: {} });

function answers(section: CgroupsSection, host: HostFacts = storedHosts.v1): unknown {
  const context = contextOf(section, host);
  return {
    problems: cgroups.check(section, context).map(({ kind }) => kind),
    degradations: cgroups.degradations(section, context),
    writes: cgroups.plan(section, context).flatMap(({ enforces }) => enforces ?? []),
  };
}

describe('degrade', () => {
  test('is asked for with each limit, and taken back by saying the limit again', () => {
    const section = verbs.pids({}, 5, { degrade: true }) as CgroupsSection;
    expect(section).toEqual({ pids: 5, degrade: ['pids'] });
    expect(verbs.pids(section, 6)).toEqual({ pids: 6 });
    expect(verbs.cpu({}, 50, { degrade: true })).toEqual({ cpu: 50, degrade: ['cpu'] });
    expect(verbs.memory({}, 4096, { degrade: true })).toEqual({ memory: 4096, degrade: ['memory'] });
    expect(verbs.cgroup({}, 'memory.high', 1, { degrade: true })).toEqual({
      keys: { 'memory.high': '1' },
      degrade: ['memory.high'],
    });
    expect(verbs.resources({}, { pids: { max: 1 }, cpu: { weight: 1 } }, { degrade: true })).toEqual({
      pids: 1,
      resources: { cpu: { weight: 1 } },
      degrade: ['pids', 'cpu.weight'],
    });
  });

  test('without it a limit that the host lacks is a problem', () => {
    expect(answers({ pids: 1 }, nothing)).toMatchObject({ problems: ['unsupported'], degradations: {} });
  });

  test('a limit that the host lacks is left out and refused', () => {
    expect(answers({ pids: 1, degrade: ['pids'] }, nothing)).toEqual({
      problems: [],
      degradations: { pids: 'refused' },
      writes: [],
    });
    expect(cgroups.plan({ pids: 1, degrade: ['pids'] }, contextOf({ pids: 1 }, nothing))).toEqual([]);
    expect(cgroups.facts({ pids: 1, degrade: ['pids'] }, nothing)).toEqual({ joinsCgroupLate: false });
  });

  test('CPU time needs a group that counts, in which nothing is written', () => {
    const section = verbs.cpuTimeout({}, '10s', { degrade: true }) as CgroupsSection;
    expect(section).toEqual({ cpuTimeMs: 10_000, degrade: ['cpuTimeout'] });
    expect(answers({ cpuTimeMs: 10_000 }, nothing)).toMatchObject({ problems: ['unsupported'] });
    expect(answers(section, nothing)).toMatchObject({ problems: [], degradations: { cpuTimeout: 'refused' } });
    for (const host of [storedHosts.v1, storedHosts.v2, storedHosts.hybrid]) {
      expect(answers(section, host)).toEqual({ problems: [], degradations: {}, writes: ['cpuTimeout'] });
      const steps = cgroups.plan(section, contextOf(section, host)).map(({ id }) => id);
      expect(steps.filter((id) => id.includes('limit'))).toEqual([]);
    }
  });

  test('a weaker form is used where there is one', () => {
    const section = { resources: { memory: { high: 4096 } }, degrade: ['memory.high'] };
    expect(answers(section)).toEqual({ problems: [], degradations: { 'memory.high': 'degraded' }, writes: [] });
    const step = cgroups.plan(section, contextOf(section, storedHosts.v1)).find(({ id }) => id.includes('limit'));
    expect(step?.label).toBe('write "4096" to memory.soft_limit_in_bytes of haco/x');
    expect(answers(section, storedHosts.v2)).toMatchObject({ degradations: {}, writes: ['memory.high'] });
  });

  test('where no groups may be made, all that may be left out is', () => {
    const section = { memory: 4096, pids: 1, degrade: ['memory', 'pids'] };
    const { v2 } = storedHosts.rootless.cgroups;
    const host = hostWith(
      { mode: 'v2', v1: {}, ...(v2 === undefined ? {} : { v2: { ...v2, writable: false } }) },
      { euid: 1000 },
    );
    expect(answers(section, host)).toEqual({
      problems: [],
      degradations: { memory: 'refused', pids: 'refused' },
      writes: [],
    });
    expect(answers({ ...section, degrade: ['memory'] }, host)).toMatchObject({
      problems: ['permission'],
      degradations: { memory: 'refused' },
      writes: ['pids'],
    });
  });

  test('a refusal of the kernel is tolerated, and told by what is read back', () => {
    const section = { cpu: 50, pids: 1, degrade: ['pids'] };
    const steps = cgroups.plan(section, contextOf(section, storedHosts.v1)).filter(({ id }) => id.includes('limit'));
    expect(steps.map(({ id, confirmedBy }) => [id, confirmedBy])).toEqual([
      ['cgroups.limit.cpu.cfs_quota_us', undefined],
      ['cgroups.limit.pids.max', 'cgroups.limit.pids.max'],
    ]);
    expect(steps[1]?.operations).toMatchObject([
      { name: 'openat', tolerate: ['ENOENT'] },
      { name: 'write', tolerate: ['EINVAL', 'EOPNOTSUPP', 'ENODEV', 'ERANGE'] },
      { name: 'pread64' },
      { name: 'close' },
    ]);
  });

  test('a missing privilege is never tolerated', () => {
    const section = { pids: 1, degrade: ['pids'] };
    for (const { operations } of cgroups.plan(section, contextOf(section, storedHosts.v1))) {
      for (const operation of operations) {
        if (operation.op !== 'syscall') continue;
        expect(operation.tolerate ?? []).not.toContain('EPERM');
        expect(operation.tolerate ?? []).not.toContain('EACCES');
      }
    }
  });

  test('names of limits that are not there are refused', () => {
    const issues = cgroups.validate({ pids: 1, degrade: ['pids', 'memroy'] }, contextOf({}, storedHosts.v1));
    expect(issues).toEqual([{ path: 'cgroups.degrade[1]', message: '"memroy" is no limit that is asked for here' }]);
  });
});

describe('weights of traffic', () => {
  const weighed: CgroupsSection = { resources: { io: { weight: 200 } } };
  const hostThat = (heedsWeights: boolean): HostFacts => ({ ...storedHosts.v1, disks: { heedsWeights } });
  const whyOf = (host: HostFacts): string | undefined =>
    cgroups.plan(weighed, contextOf(weighed, host)).find(({ id }) => id.startsWith('cgroups.limit.'))?.why;

  test('that no disk of the host heeds are degraded, and the plan says why', () => {
    expect(answers(weighed, hostThat(false))).toMatchObject({
      problems: [],
      degradations: { 'io.weight': 'degraded' },
    });
    expect(whyOf(hostThat(false))).toBe(
      'no disk of this host heeds weights now: none has the scheduler bfq, and io.cost is off',
    );
  });

  test('are in force where one does, and where nothing is known', () => {
    for (const host of [hostThat(true), storedHosts.v1]) {
      expect(answers(weighed, host)).toMatchObject({ degradations: {} });
      expect(whyOf(host)).toMatch(/ must hold before anything runs in the group$/);
    }
  });
});
