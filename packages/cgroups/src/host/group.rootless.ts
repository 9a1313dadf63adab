/** Groups of an ordinary user, in a group that was delegated to them. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { leafGroup, orThrow } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterAll, expect, test } from 'vitest';
import { createGroup } from './create-group.js';
import { leaveLeaf } from './leave-leaf.fixture.js';

describeWith(['ordinary-user', 'pure-cgroup2', 'vm'], 'groups of a user', () => {
  afterAll(leaveLeaf);

  test('need the own group to have no processes, which is offered, explained and done only when asked', async () => {
    const refused = (await createGroup({ name: 'haco-test-user', pids: 5 }))._unsafeUnwrapErr();
    expect(['state', 'permission']).toContain(refused.kind);
    expect(refused.message).toMatch(/moveSelfToLeaf/);

    const group = await orThrow(createGroup({ name: 'haco-test-user', pids: 5, moveSelfToLeaf: true }));
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toMatch(new RegExp(`/${leafGroup}$`, 'm'));
    const child = spawn('sleep', ['5']);
    await orThrow(group.add(child.pid ?? 0));
    expect(group.pids()).toEqual([child.pid]);
    expect(orThrow(group.stats()).pids).toMatchObject({ current: 1, max: 5 });
    await orThrow(group.update({ pids: 7 }));
    await orThrow(group.freeze());
    await orThrow(group.remove({ kill: true }));
    for (const { path } of group.dirs) expect(existsSync(path)).toBe(false);
  });
});
