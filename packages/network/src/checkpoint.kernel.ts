/** A container of a bridge that is saved, and restored under another address. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bridge, haco, networkOf, orThrow, type Container } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, TestHost } from './host/test-net.js';

async function stop(container: Container): Promise<void> {
  orThrow(container.kill('SIGKILL'));
  await orThrow(container.wait());
}

/** Until its server listens, and for as long as it takes. */
async function answer(address: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    const said = await ask(address, 80);
    // Between two of its clients nobody listens.
    if (!/^E|^$/.test(said) || tries > 100) return said.trim();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeWith(['root', 'iproute2', 'nftables', 'busybox', 'criu'], 'a restored container of a bridge', () => {
  let host: TestHost;
  let rootfs: TestRootfs;
  let place: string;

  beforeAll(async () => {
    host = new TestHost();
    rootfs = await makeRootfs({ shell: true, files: { '/etc/hosts': '', '/etc/resolv.conf': '' } });
    place = await makeTemporaryDirectory('checkpoints');
    await orThrow(haco().command('true').run());
  });
  afterEach(() => expect(host.leftovers()).toEqual([]));
  afterAll(async () => {
    await rm(place, { recursive: true });
    await rootfs.remove();
    host.close();
  });

  test('listens on under the address that it gets now', { timeout: 90_000 }, async () => {
    const net = bridge({ subnets: ['10.214.0.0/16'], forwarding: 'enable' });
    const web = haco()
      .name('web')
      .unshare('mount', 'pid', 'uts')
      .chroot(rootfs.path)
      .independent('procfs', 'dev')
      .network(net)
      .stdout('null')
      .stderr('null')
      .stdin('null')
      .command('/bin/sh', '-c', 'while :; do nc -l -p 80 -e /bin/cat /etc/hosts; done');
    const directory = join(place, 'web');
    await expectNothingLeft(async () => {
      const first = await orThrow(web.start());
      expect(orThrow(networkOf(first)).addresses).toEqual(['10.214.0.2']);
      expect(await answer('10.214.0.2')).toMatch(/^10\.214\.0\.2\s+web/m);
      await orThrow(first.checkpoint(directory));
      await orThrow(first.wait());
      // Somebody else has its address meanwhile.
      const other = await orThrow(haco().name('other').network(net).command('sleep', '1000').start());
      expect(orThrow(networkOf(other)).addresses).toEqual(['10.214.0.2']);

      const restored = await orThrow(web.restore(directory));
      expect(orThrow(networkOf(restored)).addresses).toEqual(['10.214.0.3']);
      // The names are those of the network as it is now.
      expect(await answer('10.214.0.3')).toMatch(/^10\.214\.0\.3\s+web/m);
      expect((await orThrow(restored.exec('ip', 'address'))).stdout).toContain('10.214.0.3/16');
      await stop(restored);
      await stop(other);
    });
    expect(JSON.parse(await readFile(join(directory, 'haco.json'), 'utf8'))).toMatchObject({ name: 'web', net: true });
  });
});
