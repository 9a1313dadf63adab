/** Namespaces of an ordinary user: everything a user namespace allows, and a sentence for what it doesn't. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { haco, orThrow } from '@haco/core';
import { describeWith } from '@haco/testkit';
import { expect, test } from 'vitest';
import { kindsInOrder } from './kinds.js';

describeWith(['ordinary-user', 'userns'], 'namespaces of an ordinary user', () => {
  test('all kinds come with a user namespace, in which the user is root', async () => {
    const script = 'id -u; cat /proc/self/uid_map; hostname';
    const builder = haco()
      .unshare(...kindsInOrder)
      .hostname('mine')
      .command('/bin/sh', '-c', script);
    const { stdout } = await orThrow(builder.run());
    expect(stdout.trim().split(/\s+/)).toEqual(['0', '0', String(process.geteuid?.()), '1', 'mine']);
  });

  test('the user may stay who it is', async () => {
    const own = process.geteuid?.() ?? 0;
    const group = process.getegid?.() ?? 0;
    const builder = haco()
      .unshare('user')
      .mapUsers([{ inside: own, outside: own, count: 1 }])
      .mapGroups([{ inside: group, outside: group, count: 1 }])
      .command('/usr/bin/id', '-u');
    expect((await orThrow(builder.run())).stdout).toBe(`${String(own)}\n`);
  });

  test('without a user namespace, the answer is what to add', async () => {
    const error = (await haco().unshare('pid', 'mount').command('/bin/true').run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'permission' });
    expect(error.message).toContain('unshare("user")');
  });

  test('root of a user namespace maps the ids that this one has, and is root inside of another', () => {
    const core = fileURLToPath(import.meta.resolve('@haco/core'));
    const script = `
      import { haco, orThrow, sandbox } from ${JSON.stringify(core)};
      const show = async (builder) => console.log((await orThrow(builder.run())).stdout.trim().split(/\\s+/).join(' '));
      await show(haco().unshare('user', 'pid', 'mount').sh('id -u; cat /proc/self/uid_map /proc/self/gid_map'));
      await show(sandbox().sh('echo also in a sandbox'));`;
    const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')];
    const { stdout, stderr } = spawnSync('unshare', ['-Ur', ...node, '--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
    });
    expect([stderr, stdout]).toEqual(['', '0 0 0 1 0 0 1\nalso in a sandbox\n']);
  }, 60_000);

  test('offsets of clocks and persisted namespaces need root, and the answer says so', async () => {
    const user = haco().unshare('user', 'time', 'uts');
    for (const builder of [user.timeOffsets({ boottimeMs: 1 }), user.persist('uts', '/tmp/haco-never-made')]) {
      const error = (await builder.command('/bin/true').run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'permission' });
      expect(error.message).toContain('root');
    }
  });
});
