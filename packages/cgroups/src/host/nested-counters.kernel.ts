/** What happens in a group below counts for the group above, also on v1, whose kernel keeps it where it happened. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { orThrow } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, expect, test } from 'vitest';
import { createGroup, type CreateGroupOptions } from './create-group.js';
import type { GroupEvent } from './events/events.js';
import type { Group } from './group.js';
import { oomKillsOf } from './oom-kills.js';

const children: ChildProcess[] = [];
const groups: Group[] = [];

async function make(options: CreateGroupOptions): Promise<Group> {
  const group = await orThrow(createGroup(options));
  groups.push(group);
  return group;
}

/** Run a script in a group, to its end. */
async function runIn(group: Group, script: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  const ended = once(child, 'exit');
  await orThrow(group.add(child.pid ?? 0));
  child.stdin.end('go\n');
  await ended;
}

/** Counts of the events of a type that come within a second. */
async function countOf(events: AsyncIterableIterator<GroupEvent>, type: GroupEvent['type']): Promise<number> {
  let count = 0;
  const over = sleep(1000).then(() => events.return?.());
  for await (const event of events) if (event.type === type && 'count' in event) count += event.count;
  await over;
  return count;
}

describeWith(['root', 'controller:memory', 'controller:pids'], 'counters of a group with groups below it', () => {
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  const noSwap = { 'memory.swap.max': 0 };
  const eatMemory = 'exec tail /dev/zero';

  for (const [which, outside, inside] of [
    ['its own limit', { memory: '16MiB', keys: noSwap }, {}],
    ['the limit of the one below', { memory: '256MiB' }, { memory: '16MiB', keys: noSwap }],
  ] as const) {
    test(`have a process below that was killed because of ${which}`, async () => {
      const outer = await make({ name: 'haco-test-nested-oom', ...outside });
      const inner = await orThrow(outer.child('inner', { controllers: ['memory'], ...inside }));
      const before = oomKillsOf(outer.dirs) ?? 0;
      const events = outer.events();
      await runIn(inner, eatMemory);
      expect(await countOf(events, 'oom-kill')).toBe(1);
      expect(orThrow(outer.stats({ only: ['memory'] })).memory?.events.oomKills).toBe(1);
      expect((oomKillsOf(outer.dirs) ?? 0) - before).toBe(1);
    });
  }

  test('have a fork that was refused below', async () => {
    const outer = await make({ name: 'haco-test-nested-pids', pids: 2 });
    const inner = await orThrow(outer.child('inner', { controllers: ['pids'] }));
    const events = outer.events();
    await runIn(inner, 'sleep 0.1 & sleep 0.1 & wait');
    const counted = await countOf(events, 'pids-limit');
    expect(counted).toBeGreaterThan(0);
    expect(orThrow(outer.stats({ only: ['pids'] })).pids?.limitHits).toBe(counted);
  });
});
