/** Further processes in containers of an ordinary user. */
import { userInfo } from 'node:os';
import { describeWith, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inside, stdoutOf, warmUp } from '../fixture.js';
import { haco, orThrow } from '../index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true, files: { '/etc/passwd': 'root:x:0:0::/:\nalice:x:1001:1002::/:\n' } });
});
afterAll(() => rootfs.remove());

const { uid } = userInfo();
const isolated = () =>
  haco().unshare('user', 'mount', 'pid', 'uts', 'ipc', 'net').chroot(rootfs.path).independent('procfs', 'dev');

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'exec', () => {
  test('is root of the container, and the caller outside', async () => {
    await inside(isolated().name('mine'), async (container) => {
      const script = 'id -u; hostname; echo $$; cat /proc/self/uid_map; ls /proc/1/root/bin/probe';
      const [user, name, pid, map = ''] = (await stdoutOf(container, { command: ['/bin/sh', '-c', script] })).split(
        '\n',
      );
      expect([user, name, Number(pid)]).toEqual(['0', 'mine', 2]);
      expect(map.trim().split(/\s+/)).toContain('0');
      expect(map).toContain(String(uid));
    });
  });

  test('has what the container has: capabilities, no_new_privs, an environment, a directory', async () => {
    const builder = isolated().caps('chown').noNewPrivileges().env({ A: '1' }).workdir('/tmp');
    await inside(builder, async (container) => {
      const script = 'grep -E "CapBnd|NoNewPrivs" /proc/self/status; echo $A; pwd';
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', script] })).toBe(
        'CapBnd:\t0000000000000001\nNoNewPrivs:\t1\n1\n/tmp\n',
      );
    });
  });

  test('a container that shares everything, or only has a root of its own', async () => {
    await inside(haco(), async (container) => {
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'id -u'] })).toBe(`${String(uid)}\n`);
    });
    await inside(haco().unshare('user').chroot(rootfs.path), async (container) => {
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'ls /bin/probe; pwd'] })).toBe('/bin/probe\n/\n');
    });
  });

  test('goes into a container with an init without capabilities', async () => {
    await inside(isolated().caps('none').init(), async (container) => {
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'id -u'] })).toBe('0\n');
    });
  });

  test('goes into it as soon as it has started, also on a machine that has much to do', async () => {
    const builder = isolated().caps('none').init().command('/bin/sleep', '60');
    const users = await Promise.all(
      Array.from({ length: 40 }, async () => {
        await using container = await orThrow(builder.start());
        return await stdoutOf(container, { command: ['/bin/sh', '-c', 'id -u'] });
      }),
    );
    expect(new Set(users)).toEqual(new Set(['0\n']));
  });

  test('a terminal', async () => {
    await inside(isolated(), async (container) => {
      const outcome = await orThrow(
        container.exec({ command: ['/bin/sh', '-c', 'stty size'], tty: { rows: 7, columns: 99 } }),
      );
      expect(outcome.stdout).toBe('7 99\r\n');
    });
  });

  test('a user that has no id inside is told before anything is started', async () => {
    await inside(isolated().mapUsers('self').mapGroups('self'), async (container) => {
      const error = (await container.exec({ command: ['true'], user: 'alice' }))._unsafeUnwrapErr();
      expect(error.kind).toBe('permission');
      expect(error.message).toContain('The user namespace of the container has no user 1001 and no group 1002');
      expect(await stdoutOf(container, { command: ['/bin/id', '-u'], user: 0 })).toBe('0\n');
    });
  });
});

describeWith(['ordinary-user', 'userns', 'busybox', 'newuidmap', 'subuid'], 'exec with subordinate ids', () => {
  test('is any user of the map, by name', async () => {
    await inside(isolated().mapUsers('auto').mapGroups('auto').user('alice').init(), async (container) => {
      expect(await stdoutOf(container, { command: ['/bin/sh', '-c', 'id -u; id -g'] })).toBe('1001\n1002\n');
      expect(await stdoutOf(container, { command: ['/bin/id', '-u'], user: 'root' })).toBe('0\n');
    });
  });
});
