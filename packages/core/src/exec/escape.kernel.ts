/** Attacks on what joins a container, by those who live in it; each is first shown to succeed against a weaker joiner. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { launcherPath } from '@haco/sys';
import { describeWith, makeRootfs, peekPath, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow, realRuntime, type Builder, type Runtime } from '../index.js';
import { changing, dumpable, peek, withPause } from './escape-fixture.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  copyFileSync(peekPath(), rootfs.inside('/bin/peek'));
});
afterAll(() => rootfs.remove());

const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
const containers: Readonly<Record<string, (runtime: Runtime) => Builder>> = {
  "root without a user namespace, with Docker's capabilities": (runtime) =>
    haco({ runtime }).unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').caps('docker'),
  'root of a user namespace, with all capabilities in it': (runtime) =>
    haco({ runtime })
      .unshare('user', 'pid', 'mount')
      .mapUsers(ids)
      .mapGroups(ids)
      .chroot(rootfs.path)
      .independent('procfs'),
  'a user like the one who joins': (runtime) =>
    haco({ runtime }).unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').user(1001).caps('none'),
};

describeWith(['root', 'busybox', 'probe'], 'whoever lives in a container', () => {
  test.each(Object.entries(containers))(
    'gets nothing of 200 processes that join it (CVE-2016-9962): %s',
    { timeout: 120_000 },
    async (_, make) => {
      const look = ['look', 'haco-init'] as const;
      const weak = await peek(make(changing(dumpable)), look, 20);
      // The way to the host: the launcher's program, its memory, a descriptor of the plan.
      expect(weak.some((line) => line.startsWith('got exe /memfd:haco-init'))).toBe(true);
      expect(weak.some((line) => line.startsWith('got fd/3'))).toBe(true);
      expect(weak.some((line) => line.startsWith('got mem'))).toBe(true);

      expect(await peek(make(changing(withPause)), look, 200)).toEqual(['seen']);
      expect((await peek(make(realRuntime), look, 200)).filter((line) => line !== 'seen')).toEqual([]);
    },
  );

  test(
    "can't overwrite the program that joins, by making it the interpreter of a command (CVE-2019-5736)",
    { timeout: 120_000 },
    async () => {
      copyFileSync(orThrow(launcherPath()), rootfs.inside('/bin/haco-init-copy'));
      chmodSync(rootfs.inside('/bin/haco-init-copy'), 0o755);
      writeFileSync(rootfs.inside('/bin/weak'), '#!/bin/haco-init-copy\n', { mode: 0o755 });
      writeFileSync(rootfs.inside('/bin/evil'), '#!/proc/self/exe\n', { mode: 0o755 });
      const base = haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').caps('docker');
      const mode = ['overwrite', 'haco-init'] as const;
      const weak = await peek(base, mode, 3000, ['/bin/weak']);
      expect(weak).toEqual(['held /bin/haco-init-copy', 'overwritten /bin/haco-init-copy']);
      const told = await peek(base, mode, 3000, ['/bin/evil']);
      const sealed = '/memfd:haco-init (deleted)';
      expect(told).toEqual([`held ${sealed}`, `refused ${sealed}: Operation not permitted`]);
      expect((await orThrow(haco().command('/bin/echo', 'well').run())).stdout).toBe('well\n');
    },
  );
});
