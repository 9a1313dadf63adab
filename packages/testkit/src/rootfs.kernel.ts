/** Root filesystems: what is in them, and that nothing else goes with them. */
import { existsSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeWith } from './describe-with.js';
import { parseAnswer, parseReport } from './probe-answers.js';
import { requires } from './requires.js';
import { makeRootfs } from './rootfs.js';
import { runCommand } from './run-command.js';

describeWith(['root', 'probe'], 'an empty root filesystem', () => {
  test('has the probe, which runs in it', async () => {
    await using rootfs = await makeRootfs({ files: { '/etc/motd': 'hello' } });
    const { stdout } = await runCommand(['chroot', rootfs.path, rootfs.probe, 'ls', '/']);
    const names = parseAnswer('ls', stdout).entries.map(({ name, mode }) => `${name} ${mode}`);
    expect(names).toEqual([
      'bin 0755', 'dev 0755', 'etc 0755', 'mnt 0755', 'proc 0555', 'root 0700', 'run 0755', 'sys 0555', 'tmp 1777', 'usr 0755',
    ]); // prettier-ignore
    expect(await readFile(rootfs.inside('/etc/motd'), 'utf8')).toBe('hello');
  });

  test('answers all that needs no /proc', async () => {
    await using rootfs = await makeRootfs();
    const names = ['ids', 'caps', 'ns', 'cwd', 'signals', 'rlimits', 'session', 'fds'] as const;
    const { stdout } = await runCommand(['chroot', rootfs.path, rootfs.probe, 'report', ...names, 'pids', 'mounts']);
    const report = parseReport(names, stdout);
    expect(report.cwd.cwd).toBe('/');
    // Only the first three: Node passes on what it inherited itself without close-on-exec.
    expect(report.fds.fds.slice(0, 3).map(({ fd, type, target }) => [fd, type, target])).toEqual([
      [0, 'socket', null],
      [1, 'socket', null],
      [2, 'socket', null],
    ]);
    // Namespaces are asked of a pidfd instead, which kernels since 6.11 answer.
    if (requires('kernel:6.11').ok) expect(report.ns.uts).toBe(statSync('/proc/self/ns/uts').ino);
    expect(() => parseReport(['pids'], stdout)).toThrow('ENOENT');
  });

  test('is gone after its block', async () => {
    let path = '';
    {
      await using rootfs = await makeRootfs();
      ({ path } = rootfs);
      expect(existsSync(path)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });

  test('does not take the host with it when a bind mount was forgotten', async () => {
    await using host = await makeRootfs();
    const precious = host.inside('/root/precious');
    await writeFile(precious, 'x');
    const rootfs = await makeRootfs();
    await runCommand(['mount', '--bind', host.path, rootfs.inside('/mnt')]);
    expect(existsSync(rootfs.inside('/mnt/root/precious'))).toBe(true);
    await expect(rootfs.remove()).rejects.toThrow(
      `The test left mounts in its root filesystem: ${rootfs.inside('/mnt')} (`,
    );
    expect(existsSync(precious)).toBe(true);
    expect(existsSync(rootfs.path)).toBe(false);
    await rootfs.remove();
  });
});

describeWith(['root', 'probe', 'busybox'], 'a root filesystem with a shell', () => {
  test('runs a script', async () => {
    await using rootfs = await makeRootfs({ shell: true });
    const { stdout } = await runCommand(['chroot', rootfs.path, '/bin/sh', '-c', 'id -u; ls /bin/probe; echo done']);
    expect(stdout).toBe('0\n/bin/probe\ndone\n');
  });
});
