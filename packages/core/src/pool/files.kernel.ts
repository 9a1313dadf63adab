/** Files of one run of a pool: there when its command begins, gone with its container, and never on the host. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, sandbox, type Builder, type Pool } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  mkdirSync(rootfs.inside('/tmp'), { recursive: true });
  mkdirSync(rootfs.inside('/data'), { recursive: true });
  symlinkSync('/data', rootfs.inside('/way'));
});
afterAll(() => rootfs.remove());

const isolated = () =>
  haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs', 'dev').tmpfs('/tmp').env({ PATH: '/bin' });

async function withPool<T>(builder: Builder, use: (pool: Pool) => Promise<T>): Promise<T> {
  return expectNothingLeft(async () => {
    await using pool = await orThrow(builder.pool({ size: 2 }));
    return await use(pool);
  });
}

describeWith(['root', 'busybox', 'probe', 'overlay'], 'files of a run', () => {
  test('are there when the command begins, with owner and mode, and are no other run’s', async () => {
    await withPool(isolated(), async (pool) => {
      const script = 'cat /tmp/in/a /tmp/b; stat -c "%a %u:%g %n" /tmp/in /tmp/in/a /tmp/b /tmp/c | sort; ls /tmp';
      const files = {
        '/tmp/in/a': 'text ü\n',
        '/tmp/b': Buffer.from('bytes\n'),
        '/tmp/c': { content: '', mode: 0o755, uid: 1000, gid: 1001 },
      };
      const first = await orThrow(pool.run({ command: ['sh', '-c', script], files }));
      expect(first.stdout).toBe(
        'text ü\nbytes\n644 0:0 /tmp/b\n644 0:0 /tmp/in/a\n755 0:0 /tmp/in\n755 1000:1001 /tmp/c\nb\nc\nin\n',
      );
      // Burst: containers that were not complete yet when they were taken.
      const many = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          orThrow(pool.run({ command: ['sh', '-c', 'cat /tmp/n; ls /tmp'], files: { '/tmp/n': String(n) } })),
        ),
      );
      expect(many.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 6 }, (_, n) => `${String(n)}n\n`));
      expect((await orThrow(pool.run('ls', '/tmp'))).stdout).toBe('');
    });
  });

  test('go into an overlay that is thrown away, and leave the root below as it is', async () => {
    const layered = haco().unshare('pid', 'mount').chroot(rootfs.path, { overlay: true });
    const files = { '/etc/app/config': 'x=1\n', '/bin/tool': { content: '#!/bin/sh\necho tool\n', mode: 0o755 } };
    const { stdout } = await withPool(layered, (pool) =>
      orThrow(pool.run({ command: ['/bin/sh', '-c', '/bin/tool; cat /etc/app/config'], files })),
    );
    expect(stdout).toBe('tool\nx=1\n');
    expect([existsSync(rootfs.inside('/etc/app')), existsSync(rootfs.inside('/bin/tool'))]).toEqual([false, false]);
  });

  test('are programs and input of a sandbox, under its user and its filters', async () => {
    const program = { content: '#!/bin/sh\nid -u; cat /tmp/in\n', mode: 0o755 };
    const { stdout, exitCode } = await withPool(sandbox(), (pool) =>
      orThrow(pool.run({ command: ['/tmp/run'], files: { '/tmp/run': program, '/tmp/in': 'in\n' } })),
    );
    expect([stdout, exitCode]).toEqual(['0\nin\n', 0]);
  });

  test('are refused where the next run would find them, also by way of a link, and the pool goes on', async () => {
    const told = await withPool(isolated().mount(rootfs.inside('/data'), '/data'), async (pool) => {
      const refused = [];
      for (const path of ['/x', '/data/x', '/way/x', '/tmp/../data/x', '/proc/self/comm']) {
        const error = (await pool.run({ command: ['true'], files: { '/tmp/ok': '', [path]: 'x' } }))._unsafeUnwrapErr();
        refused.push([path, error.kind, error.message]);
      }
      const gone = await pool.run({ command: ['true'], files: { '/tmp/x/y': '', '/tmp/x/y/z': '' } });
      refused.push(['/tmp/x/y/z', gone._unsafeUnwrapErr().kind, gone._unsafeUnwrapErr().message]);
      expect((await orThrow(pool.run('ls', '/tmp'))).stdout).toBe('');
      return refused;
    });
    const refusal = (path: string) =>
      `Could not put a file of this run at "${path}": EXDEV; it is on no tmpfs and no overlay of the container alone, and would outlive this run; ` +
      'add tmpfs() there, or an overlay.';
    expect(told.slice(0, 5)).toEqual(
      ['/x', '/data/x', '/way/x', '/tmp/../data/x', '/proc/self/comm'].map((path) => [path, 'io', refusal(path)]),
    );
    expect(told.slice(5).map(([path, kind]) => [path, kind])).toEqual([['/tmp/x/y/z', 'not-found']]);
    expect(readdirSync(rootfs.inside('/data'))).toEqual([]);
    expect(existsSync(rootfs.inside('/x'))).toBe(false);
  });
});
