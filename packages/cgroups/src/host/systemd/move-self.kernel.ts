/** A program of root that moves into a scope of its own, on a host that was booted with systemd. */
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { runInScope } from './move-self.fixture.js';

describeWith(['root', 'systemd', 'pure-cgroup2'], 'moveSelfToScope', () => {
  test('brings the groups of all its containers below a unit of systemd', { timeout: 120_000 }, () => {
    const told = runInScope({ name: 'haco-test-program', pids: 500 });
    const scope = '/system.slice/haco-haco-test-program.scope';
    expect(told).toEqual({
      scope: `/sys/fs/cgroup${scope}`,
      self: `0::${scope}/haco-self`,
      'pids.max': '500',
      limits: ['5', '67108864'],
      updated: '7',
      container: {
        reason: 'exited',
        group: `0::${scope}/haco/haco-test-inside`,
        enforced: { memory: 'enforced', pids: 'enforced' },
      },
      again: true,
    });
  });

  test('leaves the process where it was when a limit is refused', { timeout: 120_000 }, () => {
    const told = runInScope({ name: 'haco-test-program', keys: { 'memory.high': 'lots' } });
    expect(told).toMatchObject({ error: expect.stringMatching(/memory\.high.*EINVAL/) as unknown, stayed: true });
  });
});

describeWith(['root', 'no-systemd'], 'moveSelfToScope without systemd', () => {
  test('says so', { timeout: 60_000 }, () => {
    expect(runInScope({ name: 'haco-test-program' })).toEqual({
      error:
        'This host has no systemd as init, which moveSelfToScope() needs (/run/systemd/system is missing); leave it out: groups below the own one need no systemd.',
      stayed: true,
    });
    expect(runInScope({ name: 'haco-test-program', memroy: '1GiB' })).toMatchObject({
      error:
        'The spec is invalid: memroy: is not known here; there are name, slice, degrade, cpu, memory, pids, resources, keys.',
    });
  });
});
