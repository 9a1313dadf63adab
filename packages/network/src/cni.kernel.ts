/** CNI with the plugins of Debian, in net namespaces that the test makes. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cni, haco, networkOf, orThrow, type Container } from '@haco/core';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkNetwork } from './host/check-network.js';
import { ask, clientScript, serverScript, sh, TestHost, world } from './host/test-net.js';

const node = process.execPath;

describeWith(['root', 'iproute2', 'nftables', 'cni-plugins'], 'cni', () => {
  let host: TestHost;
  let directory: string;
  const leases = (): readonly string[] =>
    readdirSync(join(directory, 'leases/podnet')).filter((name) => /^\d/.test(name));

  beforeAll(async () => {
    host = new TestHost();
    sh('echo 1 > /proc/sys/net/ipv4/ip_forward');
    directory = await makeTemporaryDirectory('cni');
    mkdirSync(join(directory, 'net.d'));
    const plugins = [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        ipam: {
          type: 'host-local',
          dataDir: join(directory, 'leases'),
          ranges: [[{ subnet: '10.218.0.0/24' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
        dns: { nameservers: ['192.0.2.53'], search: ['cni.example'] },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ];
    const list = { cniVersion: '1.0.0', name: 'podnet', plugins };
    writeFileSync(join(directory, 'net.d/10-podnet.conflist'), JSON.stringify(list));
    writeFileSync(join(directory, 'net.d/05-broken.conflist'), '{');
    const plain = { ...list, name: 'plain', plugins: [plugins[0]] };
    writeFileSync(join(directory, 'net.d/15-plain.conflist'), JSON.stringify(plain));
    const failing = { ...list, name: 'failing', plugins: [plugins[0], { type: 'no-such-plugin' }] };
    writeFileSync(join(directory, 'net.d/20-failing.conflist'), JSON.stringify({ ...failing }));
    await orThrow(haco().command('true').run());
  });
  afterAll(() => {
    host.close();
    rmSync(directory, { recursive: true });
  });

  const mode = (network: string) => cni({ network, configDir: join(directory, 'net.d'), binDirs: ['/usr/lib/cni'] });
  const start = async (port: number): Promise<Container> => {
    const web = haco().unshare('mount').network(mode('podnet')).publish(port, 80).command(node, '-e', serverScript(80));
    const container = await orThrow(web.start());
    await once(container.stdout as NodeJS.ReadableStream, 'data');
    return container;
  };

  test('a container has what the plugins give: address, gateway, name servers, a way out, published ports', async () => {
    await expectNothingLeft(async () => {
      const web = await start(8080);
      const { addresses, kind } = orThrow(networkOf(web));
      expect([kind, addresses]).toEqual(['cni', [expect.stringMatching(/^10\.218\.0\./)]]);
      expect(leases()).toEqual(addresses);
      expect(await ask(addresses[0] ?? '', 80)).toBe('::ffff:10.218.0.1');
      expect((await orThrow(web.exec('cat', '/etc/resolv.conf'))).stdout).toContain(
        'nameserver 192.0.2.53\nsearch cni.example',
      );
      expect((await host.outsideRun(node, '-e', clientScript(world.host4, 8080))).trim()).toBe(`::ffff:${world.v4}`);
      const outside = host.outsideStart(node, '-e', serverScript(90));
      await once(outside.stdout as NodeJS.ReadableStream, 'data');
      const seen = await orThrow(web.exec(node, '-e', clientScript(world.v4, 90)));
      expect(seen.stdout.trim()).toBe(`::ffff:${world.host4}`);
      outside.kill('SIGKILL');
      orThrow(web.kill());
      await orThrow(web.wait());
      expect(leases()).toEqual([]);
      expect(sh('iptables-save')).not.toContain('8080');
    });
  });

  test('DEL runs when a later plugin of the chain is missing, and when the command does not start', async () => {
    await expectNothingLeft(async () => {
      const missing = (await haco().network(mode('failing')).command('true').run())._unsafeUnwrapErr();
      expect(missing.message).toBe(
        'Could not start "no-such-plugin": the program isn\'t installed; install it with "apt-get install containernetworking-plugins".',
      );
      const failed = (await haco().network(mode('podnet')).command('/bin/nope').run())._unsafeUnwrapErr();
      expect(failed.kind).toBe('not-found');
      expect(leases()).toEqual([]);
    });
  });

  test('CHECK says whether all is still as it was', async () => {
    await expectNothingLeft(async () => {
      const pod = await orThrow(haco().network(mode('plain')).command('sleep', '1000').start());
      orThrow(await checkNetwork(pod));
      sh(`nsenter --net=/proc/${String(pod.pid)}/ns/net ip link set eth0 down`);
      sh(`nsenter --net=/proc/${String(pod.pid)}/ns/net ip address flush dev eth0`);
      expect((await checkNetwork(pod))._unsafeUnwrapErr().message).toContain(
        'The command "CNI_COMMAND=CHECK bridge" exited',
      );
      orThrow(pod.kill());
      await orThrow(pod.wait());
    });
  });

  test('a network that nobody has configured', async () => {
    const error = (await haco().network(mode('nothing')).command('true').run())._unsafeUnwrapErr();
    expect(error.message).toBe(
      `There is no CNI network "nothing"; no .conflist, .conf or .json file in ${directory}/net.d has that name.`,
    );
  });
});
