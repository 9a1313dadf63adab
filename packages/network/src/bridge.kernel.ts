/** Bridges with real traffic, in net namespaces that the test makes. */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bridge, collectNetworks, haco, networkOf, orThrow, type Container } from '@haco/core';
import { describeWith, expectNothingLeft, runCommand } from '@haco/testkit';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ask, clientScript, serve, serverScript, sh, TestHost, world } from './host/test-net.js';

const node = process.execPath;
const dual = { subnets: ['10.213.0.0/16', 'fd00:213::/64'], forwarding: 'enable' } as const;

/** The servers of these tests say so when they are ready. */
async function ready(container: Container): Promise<Container> {
  await once(container.stdout as NodeJS.ReadableStream, 'data');
  return container;
}

async function stop(...containers: readonly Container[]): Promise<void> {
  for (const container of containers) {
    orThrow(container.kill('SIGKILL'));
    await orThrow(container.wait());
  }
}

// On a busy machine each start of Node takes its time.
vi.setConfig({ testTimeout: 90_000 });

describeWith(['root', 'iproute2', 'nftables'], 'bridge', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = new TestHost();
    // A new namespace begins with what the host has, where an engine may have switched it on.
    sh('echo 0 >/proc/sys/net/ipv4/ip_forward');
    // What the first start of a process opens stays open.
    await orThrow(haco().command('true').run());
  });
  afterEach(() => expect(host.leftovers()).toEqual([]));
  afterAll(() => host.close());

  const client = (address: string, port: number, kind?: 'udp') => ['-e', clientScript(address, port, kind)] as const;
  const server = (port: number, kind?: 'udp') => ['-e', serverScript(port, kind)] as const;

  test('without forwarding, a start is refused with what to do, and nothing is changed', async () => {
    await expectNothingLeft(async () => {
      const error = (await haco().network('bridge').command('true').run())._unsafeUnwrapErr();
      expect(error.kind).toBe('state');
      expect(error.message).toBe(
        'Can\'t connect containers of the bridge haco0 with others than this host while it forwards no IPv4 packets (net.ipv4.ip_forward is not 1); run "sysctl -w net.ipv4.ip_forward=1", let haco do it with bridge({ forwarding: "enable" }), or do without with bridge({ internal: true }).',
      );
      expect(sh('cat /proc/sys/net/ipv4/ip_forward').trim()).toBe('0');
    });
  });

  test('container and host reach each other, IPv4 and IPv6', async () => {
    await expectNothingLeft(async () => {
      const web = await ready(
        await orThrow(
          haco()
            .name('web')
            .network(bridge(dual))
            .command(node, ...server(80))
            .start(),
        ),
      );
      const { addresses, kind } = orThrow(networkOf(web));
      expect([kind, addresses]).toEqual(['bridge', ['10.213.0.2', 'fd00:213::2']]);
      expect(await ask('10.213.0.2', 80)).toBe('::ffff:10.213.0.1');
      expect(await ask('fd00:213::2', 80)).toBe('fd00:213::1');
      const own = await serve(7000);
      for (const [gateway, me] of [
        ['10.213.0.1', '::ffff:10.213.0.3'],
        ['fd00:213::1', 'fd00:213::3'],
      ] as const) {
        const outcome = await orThrow(
          haco()
            .network(bridge(dual))
            .command(node, ...client(gateway, 7000))
            .run(),
        );
        expect(outcome.stdout.trim()).toBe(me);
      }
      own.close();
      await stop(web);
    });
  });

  test('containers reach each other, by name too; a name that comes later is known as well', async () => {
    await expectNothingLeft(async () => {
      const base = haco().unshare('mount').network(bridge(dual));
      const first = await orThrow(base.name('first').command('sleep', '1000').start());
      const web = await ready(
        await orThrow(
          base
            .name('web')
            .command(node, ...server(80))
            .start(),
        ),
      );
      const { stdout } = await orThrow(first.exec(node, ...client('web', 80)));
      expect(stdout.trim()).toMatch(/^(::ffff:10\.213\.0\.2|fd00:213::2)$/);
      const six = await orThrow(first.exec(node, ...client('fd00:213::3', 80)));
      expect(six.stdout.trim()).toBe('fd00:213::2');
      await stop(web);
      expect((await orThrow(first.exec('cat', '/etc/hosts'))).stdout).not.toContain('web');
      await stop(first);
    });
  });

  test('out into the world by the address of the host', async () => {
    await expectNothingLeft(async () => {
      const outside = host.outsideStart(node, ...server(90));
      await once(outside.stdout as NodeJS.ReadableStream, 'data');
      for (const [address, seen] of [
        [world.v4, `::ffff:${world.host4}`],
        [world.v6, world.host6],
      ] as const) {
        const { stdout } = await orThrow(
          haco()
            .network(bridge(dual))
            .command(node, ...client(address, 90))
            .run(),
        );
        expect(stdout.trim()).toBe(seen);
      }
      outside.kill('SIGKILL');
      await once(outside, 'close');
    });
  });

  test('published ports are reached from the world, from the host, and from other containers; others are not', async () => {
    await expectNothingLeft(async () => {
      const base = haco().network(bridge(dual));
      const web = await ready(
        await orThrow(
          base
            .publish(8080, 80)
            .publish(8081, 80, { address: '127.0.0.1' })
            .command(node, ...server(80))
            .start(),
        ),
      );
      const outside = async (address: string, port: number) =>
        (await host.outsideRun(node, ...client(address, port))).trim();
      expect(await outside(world.host4, 8080)).toBe(`::ffff:${world.v4}`);
      expect(await outside(world.host6, 8080)).toBe(world.v6);
      expect(await outside(world.host4, 8081)).toBe('ECONNREFUSED');
      expect(await ask('127.0.0.1', 8080)).toBe('::ffff:10.213.0.1');
      expect(await ask('127.0.0.1', 8081)).toBe('::ffff:10.213.0.1');
      expect(await ask(world.host4, 8080)).toBe(`::ffff:${world.host4}`);
      expect(await ask('::1', 8080)).toBe('ECONNREFUSED');
      const neighbour = await orThrow(base.command(node, ...client(world.host4, 8080)).run());
      expect(neighbour.stdout.trim()).toBe('::ffff:10.213.0.1');
      // Who knows the way to the network doesn't get in but by what is published.
      await host.outsideRun('ip', 'route', 'add', '10.213.0.0/16', 'via', world.host4);
      expect(await outside('10.213.0.2', 80)).toBe('timeout');
      await host.outsideRun('ip', 'route', 'del', '10.213.0.0/16');
      await stop(web);
      expect(await outside(world.host4, 8080)).toBe('ECONNREFUSED');
    });
  });

  test('UDP is published too, and a free port is found', async () => {
    await expectNothingLeft(async () => {
      const echo = await ready(
        await orThrow(
          haco()
            .network(bridge(dual))
            .publish(0, 53, { protocol: 'udp' })
            .command(node, ...server(53, 'udp'))
            .start(),
        ),
      );
      const [port] = orThrow(networkOf(echo)).ports;
      expect(port?.hostPort).toBeGreaterThan(1023);
      expect((await host.outsideRun(node, ...client(world.host4, port?.hostPort ?? 0, 'udp'))).trim()).toBe(
        `::ffff:${world.v4}`,
      );
      expect((await host.outsideRun(node, ...client(world.host6, port?.hostPort ?? 0, 'udp'))).trim()).toBe(world.v6);
      await stop(echo);
    });
  });

  test('ten that start at once have ten addresses', async () => {
    await expectNothingLeft(async () => {
      const starts = Array.from({ length: 10 }, () => haco().network(bridge(dual)).command('sleep', '1000').start());
      const containers = await Promise.all(starts.map((start) => orThrow(start)));
      const addresses = containers.flatMap((container) => orThrow(networkOf(container)).addresses);
      expect(new Set(addresses).size).toBe(20);
      const inside = await Promise.all(
        containers.map((each) => orThrow(each.exec('ip', '-br', '-4', 'address', 'show', 'eth0'))),
      );
      expect(new Set(inside.map(({ stdout }) => /10\.213\.0\.\d+/.exec(stdout)?.[0])).size).toBe(10);
      await Promise.all(containers.map((container) => stop(container)));
    });
  });

  test('starts of several processes never get the same address', async () => {
    await expectNothingLeft(async () => {
      const file = fileURLToPath(new URL('host/several.fixture.ts', import.meta.url));
      const outputs = await Promise.all(
        [1, 2].map(() => runCommand([node, '--import', 'tsx', '--conditions', '@haco/source', file])),
      );
      const addresses = outputs.flatMap(({ stdout, stderr }) => {
        expect(stderr).toBe('');
        return JSON.parse(stdout) as readonly string[];
      });
      expect(addresses).toHaveLength(6);
    });
  });

  test('IPv6 alone, with a user namespace and a root of its own, which learns the name servers', async () => {
    await expectNothingLeft(async () => {
      const six = bridge({ subnets: ['fd00:219::/64'], forwarding: 'enable' });
      const web = await orThrow(
        haco()
          .name('six')
          .unshare('user', 'mount', 'pid')
          .chroot('/', { overlay: true })
          .network(six)
          .dns({ servers: ['2001:db8::53'], search: ['six.example'] })
          .command(node, ...server(80))
          .start(),
      );
      await ready(web);
      expect(await ask('fd00:219::2', 80)).toBe('fd00:219::1');
      const { stdout } = await orThrow(web.exec('sh', '-c', 'cat /etc/resolv.conf; ip -br -4 address show eth0'));
      expect(stdout).toContain('nameserver 2001:db8::53\nsearch six.example\n');
      expect(stdout).not.toMatch(/10\.213/);
      await stop(web);
    });
  });

  test('a network is its own: others are not reached, and an internal one has no way out', async () => {
    await expectNothingLeft(async () => {
      const green = bridge({ name: 'green', subnets: ['10.214.0.0/24'], forwarding: 'enable' });
      const web = await ready(
        await orThrow(
          haco()
            .network(green)
            .command(node, ...server(80))
            .start(),
        ),
      );
      const from = async (mode: ReturnType<typeof bridge>, address: string, port: number) =>
        (
          await orThrow(
            haco()
              .network(mode)
              .command(node, ...client(address, port))
              .run(),
          )
        ).stdout.trim();
      expect(await from(green, '10.214.0.2', 80)).toBe('::ffff:10.214.0.3');
      expect(await from(bridge(dual), '10.214.0.2', 80)).toBe('timeout');
      const inner = bridge({ name: 'inner', subnets: ['10.215.0.0/24'], internal: true });
      expect(await from(inner, '10.214.0.2', 80)).toBe('ENETUNREACH');
      await stop(web);
    });
  });

  test('what is taken is a conflict, with who has it', async () => {
    await expectNothingLeft(async () => {
      const web = await orThrow(
        haco()
          .name('web')
          .network(bridge({ ...dual, address: '10.213.0.9' }))
          .publish(8080, 80)
          .command('sleep', '1000')
          .start(),
      );
      expect(orThrow(networkOf(web)).addresses).toEqual(['10.213.0.9', 'fd00:213::2']);
      const own = await serve(7001);
      const refused = async (mode: ReturnType<typeof bridge>, port = 9000, name = 'other') => {
        const error = (await haco().name(name).network(mode).publish(port).command('true').run())._unsafeUnwrapErr();
        return `${error.kind}: ${error.message}`;
      };
      expect(await refused(bridge({ ...dual, address: '10.213.0.9' }))).toBe(
        'conflict: The address "10.213.0.9" is already in use; the container "web" has it; choose another, or leave it out for a free one.',
      );
      expect(await refused(bridge(dual), 8080)).toBe(
        'conflict: The host port "8080/tcp" is already in use; the container "web" publishes 8080/tcp; choose another, or 0 for one that is free.',
      );
      expect(await refused(bridge(dual), 7001)).toBe(
        'conflict: The host port "7001/tcp" is already in use; a program on this host listens there; choose another, or 0 for one that is free.',
      );
      expect(await refused(bridge({ forwarding: 'enable', subnets: ['10.220.0.0/16'] }))).toBe(
        'conflict: The bridge "haco0" is already in use; its containers have the subnets 10.213.0.0/16, fd00:213::/64; give the other network another name with bridge({ name }), or use the same options.',
      );
      expect(await refused(bridge({ forwarding: 'enable', name: 'red', subnets: ['198.51.100.0/25'] }))).toBe(
        'conflict: The subnet "198.51.100.0/25" is already in use; this host reaches 198.51.100.0/24 by up0; choose another range with bridge({ subnets }).',
      );
      expect(await refused(bridge({ forwarding: 'enable', name: 'up0', subnets: ['10.221.0.0/16'] }))).toBe(
        'conflict: The interface name "up0" is already in use; an interface of that name is no bridge; choose another with bridge({ name }).',
      );
      expect(await refused(bridge(dual), 9000, 'web')).toBe(
        'conflict: The name "web" is already in use; a container of that name has a network already; choose another with name().',
      );
      own.close();
      await stop(web);
    });
  });

  test('a bridge that was there before stays', async () => {
    sh('ip link add mine type bridge && ip address add 10.216.0.1/24 dev mine && ip link set mine up');
    try {
      const mine = bridge({ name: 'mine', subnets: ['10.216.0.0/24'], internal: true });
      await orThrow(haco().network(mine).command('true').run());
      expect(host.leftovers()).toEqual(['mine']);
      const other = bridge({ name: 'mine', subnets: ['10.217.0.0/24'], internal: true });
      expect((await haco().network(other).command('true').run())._unsafeUnwrapErr().message).toBe(
        'The bridge "mine" is already in use; it is there and has 10.216.0.1/24, not 10.217.0.1/24; give the other network another name with bridge({ name }), or use the same options.',
      );
    } finally {
      sh('ip link del mine');
    }
  });

  test('a bridge of haco that nobody remembers goes with its next last container', async () => {
    const lost = bridge({ name: 'lost', subnets: ['10.222.0.0/24'], internal: true });
    sh('ip link add lost type bridge && ip link set lost alias haco && ip address add 10.222.0.1/24 dev lost');
    await orThrow(haco().network(lost).command('true').run());
    expect(host.leftovers()).toEqual([]);
  });

  test('a start that fails leaves nothing', async () => {
    await expectNothingLeft(async () => {
      const error = (await haco().network(bridge(dual)).publish(8080).command('/bin/nope').run())._unsafeUnwrapErr();
      expect(error.kind).toBe('not-found');
    });
  });

  test('what a killed Node has left is collected, by the next start as well', async () => {
    await expectNothingLeft(async () => {
      for (const collect of [
        () => orThrow(collectNetworks()),
        () => orThrow(haco().network(bridge(dual)).command('true').run()),
      ]) {
        const file = fileURLToPath(new URL('host/doomed.fixture.ts', import.meta.url));
        const doomed = spawn(node, ['--import', 'tsx', '--conditions', '@haco/source', file], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await once(doomed.stdout, 'data');
        expect(await ask('127.0.0.1', 8080)).toBe('::ffff:10.213.0.1');
        doomed.kill('SIGKILL');
        await once(doomed, 'close');
        await expect.poll(() => ask('127.0.0.1', 8080), { timeout: 5000 }).not.toBe('::ffff:10.213.0.1');
        expect(host.leftovers()).toContain('haco0');
        await expect
          .poll(
            async () => {
              await collect();
              return host.leftovers();
            },
            { timeout: 5000 },
          )
          .toEqual([]);
      }
    });
  });
});
