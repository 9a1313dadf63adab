/** Masks and read-only paths on the real kernel, and files that exist in the container only. */
import { existsSync, statSync } from 'node:fs';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerMaskedPaths, dockerReadonlyPaths } from './paths.js';
import type { HidePid } from './section.js';

let rootfs: TestRootfs;

/** Output of a script, and its errors. */
async function sh(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', script).run());
  return (stdout + stderr).trim();
}

describeWith(['root', 'probe', 'busybox', 'overlay'], 'what is restricted', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({
      shell: true,
      files: {
        '/etc/passwd': 'root:x:0:0::/:/bin/sh\nother:x:1234:1234::/:/bin/sh\n',
        '/secret/key': 'secret\n',
        '/etc/token': 'token\n',
        '/etc/app.conf': 'from the image\n',
      },
    });
    // The first wait opens what all later ones share.
    await orThrow(haco().command('/bin/sleep', '0.05').run());
  });
  afterAll(() => rootfs.remove());

  const plain = () => haco().unshare('mount', 'pid', 'net').chroot(rootfs.path).independent('procfs', 'sysfs');

  describe('masked paths', () => {
    test('are there without the mask', async () => {
      expect(await sh(plain(), 'cat /secret/key /etc/token; head -c 1 /proc/interrupts | wc -c')).toBe(
        'secret\ntoken\n1',
      );
    });

    test('appear as an empty directory and as an empty file, and take nothing', async () => {
      const masked = plain().mask('/secret', '/etc/token', '/proc/interrupts', '/no/such/path', '/etc/token/below');
      const script =
        'ls -A /secret | wc -l; cat /etc/token /proc/interrupts; touch /secret/x; echo x >/etc/token; cat /etc/token; stat -c %t:%T /etc/token';
      expect(await expectNothingLeft(() => sh(masked, script))).toMatch(/^0\n1:3\n.*Read-only file system$/);
      expect(existsSync(rootfs.inside('/no'))).toBe(false);
    });

    test("Docker's list leaves nothing of the kernel to read", async () => {
      const paths = dockerMaskedPaths.join(' ');
      const script = `for f in ${paths}; do if [ -d $f ]; then ls -A $f; elif [ -e $f ]; then head -c 9 $f; fi; done; ls -d /proc/interrupts`;
      expect(await sh(plain(), script)).not.toBe('/proc/interrupts');
      expect(await sh(plain().mask(...dockerMaskedPaths), script)).toBe('/proc/interrupts');
    });

    test('the outcome tells that they are', async () => {
      const outcome = await orThrow(plain().mask('/secret').command('/bin/true').run());
      expect(outcome.enforced).toMatchObject({ masked: 'enforced' });
    });

    test('a container without a root of its own masks files of the host for itself', async () => {
      const builder = haco().unshare('mount').mask('/etc/passwd', '/usr').workdir('/var');
      const before = statSync('/etc/passwd').ino;
      const { stdout } = await orThrow(
        builder
          .mount(rootfs.inside('/bin'), '/mnt')
          .command('/mnt/busybox', 'sh', '-c', 'pwd; ls /usr; cat /etc/passwd')
          .run(),
      );
      expect(stdout).toBe('/var\n');
      expect(statSync('/etc/passwd').ino).toBe(before);
    });
  });

  describe('read-only paths', () => {
    test("Docker's list: settings of the kernel can be read and not be written", async () => {
      const script = 'cat /proc/sys/kernel/ostype; echo 1 >/proc/sys/vm/drop_caches && echo written';
      expect(await sh(plain(), script)).toBe('Linux\nwritten');
      expect(await sh(plain().readonlyPaths(...dockerReadonlyPaths), script)).toMatch(
        /^Linux\n.*Read-only file system$/,
      );
    });

    test('hold for the mounts below, too', async () => {
      const builder = plain().tmpfs('/mnt').readonlyPaths('/mnt', '/etc');
      const script = 'touch /mnt/x; touch /etc/x; touch /root/x && rm /root/x && echo elsewhere';
      expect(await sh(builder, script)).toMatch(
        /^elsewhere\n.*\/mnt\/x.*Read-only.*\n.*\/etc\/x.*Read-only file system$/,
      );
    });

    test('a masked path below one is masked', async () => {
      const builder = plain().readonlyPaths('/proc/sys').mask('/proc/sys/kernel/ostype', '/proc/sys/net');
      expect(await sh(builder, 'cat /proc/sys/kernel/ostype; ls /proc/sys/net; ls /proc/sys/vm | grep drop')).toBe(
        'drop_caches',
      );
    });
  });

  describe('files with given content', () => {
    test('are read-only, have their mode, and are bytes as they were given', async () => {
      const builder = plain()
        .chroot(rootfs.path, { overlay: true })
        .file('/etc/app.conf', 'colour = blue\n', { mode: 0o600 })
        .file('/new/place/bytes', Buffer.from([0, 255, 10]))
        .file('/empty', '');
      const script =
        'cat /etc/app.conf; od -An -tx1 /new/place/bytes; wc -c </empty; stat -c %a /etc/app.conf; echo x >/etc/app.conf';
      expect(await expectNothingLeft(() => sh(builder, script))).toMatch(
        /^colour = blue\n 00 ff 0a\n0\n600\n.*Read-only file system$/,
      );
      expect(existsSync(rootfs.inside('/new'))).toBe(false);
    });

    test('hide a file of the root, which stays as it is, and are never made in the tree of the host', async () => {
      expect(await sh(plain().file('/etc/app.conf', 'mine\n'), 'cat /etc/app.conf')).toBe('mine');
      expect(await sh(plain(), 'cat /etc/app.conf')).toBe('from the image');
      const error = (await plain().file('/etc/other', '').command('/bin/true').run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat2', errno: 'ENOENT' });
      expect(existsSync(rootfs.inside('/etc/other'))).toBe(false);
    });

    test('megabytes of them', async () => {
      const text = 'x'.repeat(4 * 1024 * 1024 - 100);
      expect(await sh(plain().file('/etc/app.conf', text), 'wc -c </etc/app.conf')).toBe(String(text.length));
    });
  });

  test('a procfs of processes only, which don’t show those of others', async () => {
    const shown = plain().reset('mounts').chroot(rootfs.path).independent({ name: 'procfs', subset: 'pid' });
    expect(await sh(shown, 'ls /proc | grep -v "^[0-9]"')).toBe('self\nthread-self');
    const others = (script: string, hidepid?: HidePid): Promise<string> =>
      sh(
        plain().independent({ name: 'procfs', ...(hidepid === undefined ? {} : { hidepid }) }),
        `su other -c '${script}'; true`,
      );
    const look = 'ls -d /proc/1; head -c 2 /proc/1/cmdline';
    expect(await others(look)).toBe('/proc/1\n/b');
    expect(await others(look, 'invisible')).toMatch(/^ls: \/proc\/1: No such file/);
    expect(await others(look, 'noaccess')).toMatch(/^\/proc\/1\nhead: .*not permitted$/);
  });
});
