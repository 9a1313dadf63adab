/** A name with limits is one container's, whatever hierarchies the limits are in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createGroup, type Group } from '@haco/cgroups';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { haco, orThrow, type Builder } from './index.js';

const name = 'haco-test-one-name';
const here = fileURLToPath(new URL('.', import.meta.url));
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

  test('is one of those that ask for it at the same moment, each with limits in another hierarchy', () =>
    expectNothingLeft(async () => {
      for (let round = 0; round < 5; round += 1) {
        const both = await Promise.all([named().memory('64MiB').start(), named().pids(50).start()]);
        const [won, ...alsoWon] = both.flatMap((one) => (one.isOk() ? [one.value] : []));
        const lost = both.flatMap((one) => (one.isErr() ? [one.error.message] : []));
        for (const container of [won, ...alsoWon]) await container?.[Symbol.asyncDispose]();
        expect(lost).toEqual([sentence]);
      }
    }));

  test('is one of those of several programs, too', { timeout: 60_000 }, () =>
    expectNothingLeft(async () => {
      const grab = `
        import { haco } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
        const [, probe, limit] = process.argv;
        const one = haco().name(${JSON.stringify(name)}).command(probe, 'sleep', '60');
        const limited = limit === 'pids' ? one.pids(50) : one.memory('64MiB');
        await haco().command('/bin/true').run();
        process.stdout.write('ready\\n');
        await new Promise((resolve) => process.stdin.once('data', resolve));
        const made = await limited.start();
        process.stdout.write((made.isErr() ? made.error.message : 'made') + '\\n');
        await new Promise((resolve) => process.stdin.once('data', resolve));
        if (made.isOk()) await made.value[Symbol.asyncDispose]();
        process.exit();`;
      const flags = [
        '--conditions=@haco/source',
        '--import',
        import.meta.resolve('tsx'),
        '--input-type=module',
        '-e',
        grab,
      ];
      const programs = ['pids', 'memory'].map((limit) =>
        spawn(process.execPath, [...flags, probePath(), limit], { cwd: here, stdio: ['pipe', 'pipe', 'inherit'] }),
      );
      const say = ({ stdout }: (typeof programs)[number]): Promise<string> =>
        new Promise((resolve) => stdout.once('data', (data: Buffer) => resolve(String(data).trim())));
      const closed = programs.map((child) => once(child, 'close'));
      await Promise.all(programs.map(say));
      const answers = Promise.all(programs.map(say));
      for (const child of programs) child.stdin.write('go\n');
      const told = await answers;
      for (const child of programs) child.stdin.write('go\n');
      await Promise.all(closed);
      expect([...told].sort()).toEqual([sentence, 'made']);
    }),
  );

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
