/** A name with limits is one container's, whatever hierarchies the limits are in. */
import { createGroup, type Group } from '@haco/cgroups';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { haco, orThrow, type Builder } from './index.js';

const name = 'haco-test-one-name';
const named = (): Builder => haco().name(name).command(probePath(), 'sleep', '60');
const sentence = `The name "${name}" is already in use; a container of this name has a cgroup here already; end that one or choose another name.`;

describeWith(['root', 'probe', 'controller:memory', 'controller:pids'], 'a name', () => {
  beforeAll(async () => {
    await using container = await orThrow(named().pids(50).start());
    void container;
    await orThrow(haco().command('/bin/true').run());
  });

  test('is taken by a container whose limits are in another hierarchy', () =>
    expectNothingLeft(async () => {
      await using first = await orThrow(named().pids(50).start());
      const { message, kind } = (await named().memory('64MiB').start())._unsafeUnwrapErr();
      expect(kind).toBe('conflict');
      expect(message).toBe(sentence);
      expect((await createGroup({ name, controllers: ['memory'] }))._unsafeUnwrapErr()).toMatchObject({
        kind: 'conflict',
      });
      expect((await orThrow(first.exec('/bin/true'))).exitCode).toBe(0);
    }));

  test('is free again when that has ended', () =>
    expectNothingLeft(async () => {
      await orThrow(named().pids(50).command('/bin/true').run());
      expect((await orThrow(named().memory('64MiB').command('/bin/true').run())).exitCode).toBe(0);
    }));

  test("of a container without limits is nobody else's matter", async () => {
    await using first = await orThrow(named().pids(50).start());
    expect(first.name).toBe(name);
    expect((await orThrow(haco().name(name).command('/bin/true').run())).exitCode).toBe(0);
  });

  test('is taken by a group with processes, and not by an empty one', async () => {
    // With one hierarchy for all, a name is a directory there.
    if (probeHost().cgroups.mode === 'v2') return;
    const group: Group = await orThrow(createGroup({ name, controllers: ['pids'] }));
    try {
      await using first = await orThrow(named().memory('64MiB').start());
      await orThrow(group.add(first.pid));
      expect((await haco().name(name).cpu(50).command('/bin/true').run())._unsafeUnwrapErr().kind).toBe('conflict');
    } finally {
      await orThrow(group.remove({ kill: true }));
    }
  });
});
