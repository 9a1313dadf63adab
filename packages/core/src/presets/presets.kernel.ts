import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, requires, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco } from '../haco.js';
import { orThrow } from '../or-throw.js';
import { container } from './container.js';
import { sandbox } from './sandbox.js';

let rootfs: TestRootfs;
beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const lines = (text: string): readonly string[] => text.trim().split('\n');

describeWith(['root', 'busybox', 'probe'], 'sandbox(), as root', () => {
  const inside = async (script: string) => orThrow(sandbox().command('/bin/sh', '-c', script).run());

  it('runs programs of the host without any capability, in new namespaces of every kind', async () => {
    const { stdout, exitCode } = await expectNothingLeft(() =>
      inside("grep -c '^Cap.*0000000000000000' /proc/self/status; readlink /proc/self/ns/* | sort"),
    );
    expect(exitCode).toBe(0);
    const [sets, ...namespaces] = lines(stdout);
    expect(sets).toBe('5');
    const own = lines(await orThrow(hostNamespaces()));
    expect(namespaces).toHaveLength(own.length);
    expect(namespaces.filter((name) => own.includes(name))).toEqual([]);
  });

  it('is nobody outside: what only root may read of the host stays unread', async () => {
    const { stdout, stderr } = await inside('id -u; cat /proc/self/uid_map; cat /etc/shadow');
    expect(stdout.replaceAll(/ +/g, ' ')).toBe('0\n 0 65534 1\n');
    expect(stderr).toContain('Permission denied');
  });

  it('can write to /tmp and nowhere else, and sees nothing of people, services and the machine', async () => {
    const { stdout } = await inside(
      'touch /tmp/a && echo tmp; for d in / /etc /usr /var /var/tmp /proc/sys/kernel; do touch $d/haco 2>/dev/null && echo wrote $d; done;' +
        'for d in /*; do echo $d; done; echo end',
    );
    const [written, ...there] = lines(stdout);
    expect(written).toBe('tmp');
    const known = [
      '/bin',
      '/dev',
      '/etc',
      '/lib',
      '/lib32',
      '/lib64',
      '/libx32',
      '/proc',
      '/sbin',
      '/tmp',
      '/usr',
      'end',
    ];
    expect(there.filter((path) => !known.includes(path))).toEqual([]);
    expect(there).toContain('/usr');
  });

  it('shows what is mounted into it, wherever that is', async () => {
    for (const target of ['/srv/project', '/home/me/project', '/project', '/tmp/project']) {
      const builder = sandbox().mount('/etc', target, { readonly: true });
      const { stdout } = await orThrow(builder.command('/bin/sh', '-c', `ls ${target}; ls /`).run());
      expect(stdout).toContain('passwd');
      expect(existsSync(`/${target.split('/')[1] ?? ''}/project`)).toBe(false);
    }
  });

  it('has no network, no core files, and an environment of two words', async () => {
    const { stdout } = await inside('cat /proc/net/dev | tail -n +3 | cut -d: -f1; ulimit -c; ulimit -Hc; env | sort');
    expect(stdout).toContain('lo\n0\n0\n');
    expect(stdout).toContain('HOME=/tmp\n');
  });

  it('is filtered, and may not make namespaces or mounts', async () => {
    const { stdout, stderr } = await inside(
      'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status; unshare -U true; mount -t tmpfs x /tmp',
    );
    expect(stdout).toBe('NoNewPrivs:\t1\nSeccomp:\t2\n');
    expect(stderr).toMatch(/unshare failed: Operation not permitted/);
    expect(stderr).toMatch(/permission denied/i);
  });

  it('says what is enforced, and that is everything', async () => {
    const { landlock, ...enforced } = (await inside('true')).enforced;
    expect(new Set(Object.values(enforced))).toEqual(new Set(['enforced']));
    // User Mode Linux has none, which is said.
    expect(landlock).toBe(requires('landlock', 'kernel:6.12').ok ? 'enforced' : 'refused');
    for (const name of [
      'cpu',
      'memory',
      'pids',
      'caps',
      'noNewPrivileges',
      'seccomp',
      'masked',
      'readonlyPaths',
      'rlimit:core',
    ]) {
      expect(Object.keys(enforced)).toContain(name);
    }
  });

  it('ends what takes too much: memory, processes, time', async () => {
    const hog = sandbox().memory('24MiB').command('/bin/sh', '-c', 'head -c 100M /dev/zero | tail > /dev/null');
    expect((await orThrow(hog.run())).reason).toBe('oom');
    const bomb = await orThrow(
      sandbox()
        .timeout('5s')
        .pids(20)
        .command('/bin/sh', '-c', 'i=0; while [ $i -lt 40 ]; do sleep 1 & i=$((i+1)); done; wait')
        .run(),
    );
    expect(bomb.reason).toBe('pids-limit');
    expect((await orThrow(sandbox().timeout('100ms').command('sleep', '10').run())).reason).toBe('timeout');
  });

  it('takes another root, and what is mounted into it', async () => {
    const { stdout } = await orThrow(
      sandbox()
        .chroot(rootfs.path, { readonly: true })
        .mount('/etc/hostname', '/tmp/name')
        .command('/bin/sh', '-c', 'cat /tmp/name; ls /bin | head -1; touch /haco || echo read-only')
        .run(),
    );
    expect(stdout).toContain('read-only');
    expect(lines(stdout)[0]).toBe(hostname());
  });
});

function hostNamespaces() {
  return haco()
    .command('/bin/sh', '-c', 'readlink /proc/self/ns/* | sort')
    .run()
    .map(({ stdout }) => stdout);
}

describeWith(['root', 'busybox', 'probe'], 'container(), as root', () => {
  it('has what Docker gives: capabilities, masked and read-only paths, a /dev and a cgroup of its own', async () => {
    const { stdout, enforced } = await expectNothingLeft(() =>
      orThrow(
        container()
          .chroot(rootfs.path, { overlay: true })
          .command(
            '/bin/sh',
            '-c',
            'grep CapEff /proc/self/status; ls /dev | tr "\\n" " "; echo; touch /x && echo wrote; echo 1 > /proc/sys/kernel/panic; cat /proc/kcore | wc -c',
          )
          .run(),
      ),
    );
    expect(stdout).toContain('CapEff:\t00000000a80425fb');
    expect(stdout).toContain('wrote');
    expect(stdout).toMatch(/\n0\n$/);
    expect(enforced).toMatchObject({ caps: 'enforced', seccomp: 'enforced', masked: 'enforced', pids: 'enforced' });
  });
});
