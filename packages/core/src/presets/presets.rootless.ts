import { existsSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { orThrow } from '../or-throw.js';
import { container } from './container.js';
import { sandbox } from './sandbox.js';

let rootfs: TestRootfs;
beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'sandbox(), as an ordinary user', () => {
  const inside = (script: string) => expectNothingLeft(() => orThrow(sandbox().command('/bin/sh', '-c', script).run()));

  it('needs no privilege, and holds none', async () => {
    const { stdout, exitCode } = await inside(
      'grep -c ^Cap.*0000000000000000 /proc/self/status; cat /proc/self/uid_map',
    );
    expect(exitCode).toBe(0);
    expect(stdout.trim().split(/\s+/)).toEqual(['5', '0', String(userInfo().uid), '1']);
  });

  it("keeps the caller's own files and sockets out of sight", async () => {
    const secret = join('/tmp', `haco-test-secret-${String(process.pid)}`);
    writeFileSync(secret, 'key');
    try {
      const { stdout } = await inside(
        `cat ${secret} 2>/dev/null; ls -A /home /root /run /var /opt /srv 2>/dev/null | grep -v : ; echo end`,
      );
      expect(stdout.trim()).toBe('end');
    } finally {
      (await import('node:fs')).rmSync(secret);
    }
  });

  it('can write to /tmp alone', async () => {
    const { stdout } = await inside('touch /tmp/a && echo tmp; touch /var/tmp/a 2>/dev/null && echo var; echo end');
    expect(stdout).toBe('tmp\nend\n');
    expect(existsSync('/tmp/a')).toBe(false);
  });

  it('says which limits it could not have', async () => {
    const { enforced } = await inside('true');
    expect(enforced).toMatchObject({
      caps: 'enforced',
      seccomp: 'enforced',
      masked: 'enforced',
      'rlimit:core': 'enforced',
    });
    for (const limit of ['cpu', 'memory', 'pids'] as const) expect(['enforced', 'refused']).toContain(enforced[limit]);
  });
});

describeWith(['ordinary-user', 'userns', 'busybox', 'probe'], 'container(), as an ordinary user', () => {
  it('runs a root of its own', async () => {
    const { stdout } = await expectNothingLeft(() =>
      orThrow(
        container().chroot(rootfs.path, { readonly: true }).command('/bin/sh', '-c', 'id -u; ls /dev | head -3').run(),
      ),
    );
    expect(stdout.split('\n')[0]).toBe('0');
  });
});
