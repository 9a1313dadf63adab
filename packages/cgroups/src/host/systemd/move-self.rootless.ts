/** A program of an ordinary user that moves into a scope of the user's own systemd, where it may set limits. */
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { runInScope } from './move-self.fixture.js';

describeWith(['ordinary-user', 'systemd', 'pure-cgroup2', 'vm'], 'moveSelfToScope of a user', () => {
  test('needs no group that was delegated before', { timeout: 120_000 }, () => {
    const told = runInScope({ name: 'haco-test-mine', pids: 500 });
    const scope = /\/user@\d+\.service\/.*\/haco-haco-test-mine\.scope/;
    expect(told).toMatchObject({
      scope: expect.stringMatching(scope) as unknown,
      self: expect.stringMatching(new RegExp(`${scope.source}/haco-self$`)) as unknown,
      'pids.max': '500',
      limits: ['5', '67108864'],
      updated: '7',
      container: {
        reason: 'exited',
        group: expect.stringMatching(new RegExp(`${scope.source}/haco/haco-test-inside$`)) as unknown,
        enforced: { memory: 'enforced', pids: 'enforced' },
      },
      again: true,
    });
  });
});
