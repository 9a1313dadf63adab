/** What people may ask of the network part, and what it asks of the kernel. */
import { noFacts, Rejected, renderPlan, type HostFacts, type SharedFacts } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import type { NetworkInput } from './methods.js';
import { bridge } from './modes/bridge.js';
import { cni } from './modes/cni.js';
import { pasta } from './modes/pasta.js';
import { slirp } from './modes/slirp.js';
import { network } from './part.js';
import { emptySection, type NetworkSection } from './section.js';

const own: SharedFacts = { ...noFacts, name: 'x', unshared: ['net', 'user', 'mount'] };
const root = { host: { capabilities: ['net_admin', 'sys_admin'] } as unknown as HostFacts, facts: own };

function asked(mode: NetworkInput, section: NetworkSection = emptySection): NetworkSection {
  const outcome = network.verbs.network(section, mode);
  if (outcome instanceof Rejected) throw new Error(JSON.stringify(outcome.issues));
  return outcome;
}

function published(mode: NetworkInput, ...ports: readonly (readonly [number, number?, object?])[]): NetworkSection {
  return ports.reduce<NetworkSection>(
    (section, port) => network.verbs.publish(section, ...port) as NetworkSection,
    asked(mode),
  );
}

function problems(section: NetworkSection, facts: SharedFacts = own): readonly string[] {
  return network.validate(section, { facts }).map(({ path, message }) => `${path}: ${message}`);
}

describe('network()', () => {
  test('takes words, and what the functions give; the last call counts', () => {
    expect(asked('none').mode).toEqual({ kind: 'none' });
    expect(asked('host', asked('none')).mode).toEqual({ kind: 'host' });
    expect(asked('bridge').mode).toEqual(bridge());
    expect(asked('pasta').mode).toEqual(pasta());
    expect(asked('slirp').mode).toEqual(slirp());
    expect(asked(cni({ network: 'podnet' })).mode).toMatchObject({ kind: 'cni', configDir: '/etc/cni/net.d' });
  });

  test('joins by name, path, pid and container', () => {
    expect(asked({ join: 'blue' }).mode).toEqual({ kind: 'join', path: '/run/netns/blue' });
    expect(asked({ join: '/proc/7/ns/net' }).mode).toEqual({ kind: 'join', path: '/proc/7/ns/net' });
    expect(asked({ join: 7 }).mode).toEqual({ kind: 'join', pid: 7 });
    expect(asked({ join: { pid: 8 } }).mode).toEqual({ kind: 'join', pid: 8 });
  });

  test.each(['toString', 'off', 7, null, { kind: 'magic' }, { join: [] }])('refuses %j', (mode) => {
    const outcome = network.verbs.network(emptySection, mode as NetworkInput) as Rejected;
    expect(outcome.issues).toEqual([
      {
        path: 'network.mode',
        message:
          'must be "none", "host", "bridge", "pasta", "slirp", { join: name, path, pid or container }, or what bridge(), cni(), pasta() or slirp() gives',
      },
    ]);
  });

  test('wants the net namespace that it needs', () => {
    expect(network.facts(emptySection)).toEqual({});
    expect(network.facts(asked('none'))).toMatchObject({ wantedNamespaces: { unshare: ['net'], enter: [] } });
    expect(network.facts(asked('host'))).toMatchObject({ wantedNamespaces: { unshare: [], enter: [] } });
    expect(network.facts(asked({ join: 'blue' }))).toMatchObject({
      wantedNamespaces: { unshare: [], enter: [{ kind: 'net', path: '/run/netns/blue' }] },
    });
  });

  test('is nothing at all when nothing was asked', () => {
    expect(network.plan(emptySection, root)).toEqual([]);
    expect(network.check(emptySection, root)).toEqual([]);
    expect(problems(emptySection)).toEqual([]);
  });
});

describe('validate', () => {
  const entered: SharedFacts = { ...noFacts, entered: ['net'], unshared: ['user'] };

  test.each<[string, NetworkSection, SharedFacts, readonly string[]]>([
    [
      'none',
      asked('none'),
      entered,
      ['network.mode: network("none") makes a net namespace; leave it out, or enter("net", …)'],
    ],
    [
      'bridge',
      asked('bridge'),
      entered,
      ['network.mode: a bridge connects a new net namespace; leave it out, or enter("net", …)'],
    ],
    [
      'host',
      asked('host'),
      own,
      ['network.mode: network("host") is the network of the host; leave it out, or the other net namespace'],
    ],
    [
      'join',
      asked({ join: 'blue' }),
      own,
      ['network.mode: the container joins a net namespace; leave out unshare("net"), which would make another'],
    ],
    [
      'a path that leads elsewhere',
      asked({ join: '../../etc/passwd' }),
      noFacts,
      ['network.mode.path: "../../etc/passwd" is not the absolute path of a namespace file, or has .. in it'],
    ],
    [
      'a name that leads elsewhere',
      asked({ join: '..' }),
      noFacts,
      ['network.mode.path: "/run/netns/.." is not the absolute path of a namespace file, or has .. in it'],
    ],
    ['a pid', asked({ join: -1 }), noFacts, ['network.mode.pid: -1 is not a process id']],
    [
      'pasta without a user namespace',
      asked('pasta'),
      { ...noFacts, unshared: ['net'] },
      ['network.mode: pasta speaks for a container that has a user namespace of its own; add unshare("user")'],
    ],
    [
      'a bridge with everything wrong',
      asked(
        bridge({
          name: 'a/b',
          subnets: ['10.0.0.0/31', '10.0.0.0/24', '127.0.0.0/16', 'x'],
          address: ['10.0.1.1', '10.0.0.1', 'y'],
          mtu: 7,
        }),
      ),
      own,
      [
        'network.mode.name: "a/b" is not a name of an interface; use 1 to 15 of A-Z a-z 0-9 _ . - and begin with a letter or digit',
        'network.mode.mtu: 7 is not between 1280 and 65535 bytes',
        'network.mode.subnets[0]: "10.0.0.0/31" has no place for a container; use a prefix of at most 30',
        'network.mode.subnets[1]: a bridge has one subnet of IPv4; leave out "10.0.0.0/24"',
        'network.mode.subnets[2]: "127.0.0.0/16" overlaps with 127.0.0.0/8, which no container can have',
        'network.mode.subnets[3]: "x" is not a subnet; write e.g. "10.213.0.0/16" or "fd00:213::/64"',
        'network.mode.addresses[0]: "10.0.1.1" lies in none of the subnets "10.0.0.0/31", "10.0.0.0/24", "127.0.0.0/16", "x"',
        'network.mode.addresses[1]: "10.0.0.1" is the subnet\'s own, the host\'s or the broadcast address of 10.0.0.0/31; choose another',
        'network.mode.addresses[2]: "y" is not an IP address; write e.g. "10.213.0.5" or "fd00::5"',
      ],
    ],
    [
      'two addresses of one family',
      asked(bridge({ address: ['10.213.0.5', '10.213.0.6'] })),
      own,
      ['network.mode.addresses[1]: a container has one address of IPv4 on a bridge; leave out "10.213.0.6"'],
    ],
    [
      'CNI with everything wrong',
      asked(cni({ configDir: 'etc', binDirs: ['x'], interface: 'lo', args: { 'a;b': 'c' } })),
      own,
      [
        'network.mode: must have either a network or a config; write e.g. cni({ network: "podnet" })',
        'network.mode.configDir: "etc" is not an absolute path',
        'network.mode.binDirs[0]: "x" is not an absolute path',
        'network.mode.interface: "lo" is not a name for the interface; use 1 to 15 of A-Z a-z 0-9 _ . -',
        'network.mode.args: "a;b=c" has a ";", "=" or NUL byte, which CNI_ARGS can\'t hold',
      ],
    ],
  ])('%s', (_name, section, facts, expected) => expect(problems(section, facts)).toEqual(expected));

  test('ports', () => {
    expect(
      problems(
        published(
          'bridge',
          [0, 80],
          [8080],
          [8080, 81, { protocol: 'udp' }],
          [8080, 80, { address: '127.0.0.1', protocol: 'udp' }],
        ),
      ),
    ).toEqual(['network.ports[3]: 127.0.0.1:8080/udp is published twice; leave one out, or give each an address']);
    expect(problems(published('bridge', [70_000, 0], [1, 2, { address: 'localhost', protocol: 'sctp' }]))).toEqual([
      'network.ports[0].hostPort: 70000 is not a port; use 1 to 65535, or 0 for one that is free',
      'network.ports[0].containerPort: 0 is not a port of the container; use 1 to 65535',
      'network.ports[1].protocol: "sctp" is no protocol; use "tcp" or "udp"',
      'network.ports[1].address: "localhost" is not an IP address; write e.g. "10.213.0.5" or "fd00::5"',
    ]);
    expect(problems(published('none', [80]))).toEqual([
      'network.ports: network("none") publishes no ports; use network("bridge"), network(cni({ … })), network("pasta") or network("slirp")',
    ]);
    expect(problems(published(bridge({ internal: true }), [80]))).toEqual([
      'network.ports[0]: nothing leads into an internal network; leave out internal, or publish()',
    ]);
    expect(problems(published(bridge(), [80, 80, { address: 'fd00::1' }], [80, 80, { address: '::1' }]))).toEqual([
      'network.ports[0].address: "fd00::1" is of IPv6, and the bridge has no subnet of it; add one to subnets',
      'network.ports[1].address: the kernel translates no addresses of "::1"; publish on "127.0.0.1", or on an address of the host',
    ]);
  });

  test('dns', () => {
    const section = network.verbs.dns(asked('bridge'), {
      servers: ['a\nb'],
      search: ['x y'],
      options: ['evil\noptions'],
    }) as NetworkSection;
    expect(problems(section)).toEqual([
      'network.dns.servers[0]: "a\\nb" is not an IP address; write e.g. "10.213.0.5" or "fd00::5"',
      'network.dns.search[0]: "x y" is not a domain',
      'network.dns.options[0]: "evil\\noptions" is not an option of the resolver, such as "ndots:2"',
    ]);
    const plain = network.verbs.dns(asked('bridge'), { servers: ['192.0.2.53'] }) as NetworkSection;
    expect(problems(plain)).toEqual([]);
    expect(problems(plain, { ...own, unshared: ['net'] })).toEqual([
      'network.dns: would need a resolv.conf that only the container sees; add unshare("mount")',
    ]);
    expect(problems({ ...plain, mode: { kind: 'none' } })).toEqual([
      'network.dns: network("none") has no resolv.conf of its own; use network("bridge"), network(cni({ … })), network("pasta") or network("slirp")',
    ]);
  });
});

describe('JSON', () => {
  test('sections survive it', () => {
    const sections = [
      published(bridge({ address: '10.213.0.9', mtu: 1400 }), [8080, 80, { address: '127.0.0.1' }]),
      asked(cni({ config: '/x.conflist', args: { IP: '10.0.0.1' } })),
      asked('pasta'),
      asked('slirp'),
      asked('host'),
      asked({ join: 7 }),
      network.verbs.dns(asked('bridge'), { servers: ['192.0.2.53'], search: [], options: [] }) as NetworkSection,
    ];
    for (const section of sections) {
      expect(network.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
    }
  });

  test('other shapes are refused with their place', () => {
    const json = { mode: { kind: 'bridge', name: 1, subnets: 'x' }, ports: [{ hostPort: 'a' }], more: 1 };
    const paths = network
      .parse(json)
      ._unsafeUnwrapErr()
      .map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['more', 'mode.name', 'mode.subnets', 'ports[0].hostPort', 'ports[0].protocol']),
    );
    expect(network.parse({ ports: [], mode: { kind: 'toString' } }).isErr()).toBe(true);
  });
});

describe('plan', () => {
  const text = (section: NetworkSection): string =>
    renderPlan({ version: 1, name: 'x', steps: network.plan(section, root), warnings: network.check(section, root) });

  test('none: the loopback interface comes up by plain system calls', () => {
    expect(text(asked('none'))).toMatchInlineSnapshot(`
      "Plan of "x": 1 steps

      In the container's first process:
        1 [session] switch the loopback interface on
          why: in a new net namespace it is down, and programs that talk to themselves over 127.0.0.1 would fail (network.mode, netdevice(7))
          needs: CAP_NET_ADMIN
            socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = <network.socket>
            ioctl(<network.socket>, SIOCSIFFLAGS, {ifr_name="lo", ifr_name[8]=0, ifr_flags=IFF_UP|IFF_RUNNING, pad=0, pad=0, pad=0, pad=0})
            close(<network.socket>)
      "
    `);
  });

  test('bridge: the pause says what Node will do', () => {
    expect(text(published(bridge({ address: '10.213.0.9' }), [8080, 80]))).toMatchInlineSnapshot(`
      "Plan of "x": 3 steps

      In the launcher, on the host:
        1 [parent] connect the container to the bridge haco0
          why: its net namespace exists and nothing runs in it yet; Node takes an address, connects it, and gives back what it took when the container has ended (network.mode, veth(4))
          needs: CAP_NET_ADMIN on the host
            (Node runs: ip link add name haco0 type bridge forward_delay 0   (unless it is there))
            (Node runs: ip link add name <veth> type veth peer name eth0 netns <child>)
            (Node runs: ip link set dev <veth> master haco0 up)
            (Node runs: nsenter --net=/proc/<child>/ns/net ip address add <address> dev eth0)
            (Node runs: nsenter --net=/proc/<child>/ns/net ip link set dev eth0 up)
            (Node runs: nsenter --net=/proc/<child>/ns/net ip route add default via <gateway>)
            (Node runs: nft -j -f <rules>   (table inet haco: translation, isolation, ports))

      In the container's first process:
        2 [mounts] take no routes from IPv6 neighbours
          why: another container of the bridge could otherwise make itself the way out of this one (CVE-2020-13401) (network.mode, https://docs.kernel.org/networking/ip-sysctl.html)
          needs: CAP_NET_ADMIN
            openat(AT_FDCWD, "/proc/sys/net/ipv6/conf/eth0/accept_ra", O_WRONLY|O_CLOEXEC, 0) = <network.accept-ra>   or ENOENT
            write(<network.accept-ra>, "0", 1)
            close(<network.accept-ra>)
        3 [session] switch the loopback interface on
          why: in a new net namespace it is down, and programs that talk to themselves over 127.0.0.1 would fail (network.mode, netdevice(7))
          needs: CAP_NET_ADMIN
            socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = <network.socket>
            ioctl(<network.socket>, SIOCSIFFLAGS, {ifr_name="lo", ifr_name[8]=0, ifr_flags=IFF_UP|IFF_RUNNING, pad=0, pad=0, pad=0, pad=0})
            close(<network.socket>)
      "
    `);
  });

  test('cni, pasta, slirp', () => {
    expect([cni({ network: 'podnet' }), pasta(), slirp()].map((mode) => text(asked(mode))).join('\n'))
      .toMatchInlineSnapshot(`
      "Plan of "x": 2 steps

      In the launcher, on the host:
        1 [parent] connect the container to the CNI network podnet
          why: its net namespace exists and nothing runs in it yet; DEL follows when the container has ended, whatever happened (network.mode, https://www.cni.dev/docs/spec/)
          needs: CAP_NET_ADMIN on the host
            (Node runs: mount --bind /proc/<child>/ns/net <netns>   (so that DEL finds it after the end))
            (Node runs: CNI_COMMAND=ADD CNI_IFNAME=eth0 <plugin>   (each of the chain, in /opt/cni/bin or /usr/lib/cni))

      In the container's first process:
        2 [session] switch the loopback interface on
          why: in a new net namespace it is down, and programs that talk to themselves over 127.0.0.1 would fail (network.mode, netdevice(7))
          needs: CAP_NET_ADMIN
            socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = <network.socket>
            ioctl(<network.socket>, SIOCSIFFLAGS, {ifr_name="lo", ifr_name[8]=0, ifr_flags=IFF_UP|IFF_RUNNING, pad=0, pad=0, pad=0, pad=0})
            close(<network.socket>)

      Plan of "x": 2 steps

      In the container's first process:
        1 [mounts] connect the container by pasta
          why: an ordinary user may not touch the network of the host, but a program of the user can make connections in the name of the container; it ends with the container (network.mode)
            (Node runs: setpriv --pdeathsig KILL pasta --foreground --config-net … <child>)
        2 [session] switch the loopback interface on
          why: in a new net namespace it is down, and programs that talk to themselves over 127.0.0.1 would fail (network.mode, netdevice(7))
          needs: CAP_NET_ADMIN
            socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = <network.socket>
            ioctl(<network.socket>, SIOCSIFFLAGS, {ifr_name="lo", ifr_name[8]=0, ifr_flags=IFF_UP|IFF_RUNNING, pad=0, pad=0, pad=0, pad=0})
            close(<network.socket>)

      Plan of "x": 2 steps

      In the container's first process:
        1 [mounts] connect the container by slirp4netns
          why: an ordinary user may not touch the network of the host, but a program of the user can make connections in the name of the container; it ends with the container (network.mode)
            (Node runs: slirp4netns --configure --ready-fd=3 --exit-fd=4 … <child> eth0)
        2 [session] switch the loopback interface on
          why: in a new net namespace it is down, and programs that talk to themselves over 127.0.0.1 would fail (network.mode, netdevice(7))
          needs: CAP_NET_ADMIN
            socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = <network.socket>
            ioctl(<network.socket>, SIOCSIFFLAGS, {ifr_name="lo", ifr_name[8]=0, ifr_flags=IFF_UP|IFF_RUNNING, pad=0, pad=0, pad=0, pad=0})
            close(<network.socket>)
      "
    `);
  });

  test('who is not root learns it before anything is tried', () => {
    const user = { ...root, host: { capabilities: [] } as unknown as HostFacts };
    const messages = [bridge(), cni({ network: 'podnet' }), pasta()].map((mode) =>
      network.check(asked(mode), user).map(({ message }) => message),
    );
    expect(messages).toEqual([
      [
        'Connecting to the bridge haco0 changes the network of the host, which needs root (CAP_NET_ADMIN); run it with sudo, or use network(pasta()) or network(slirp()).',
      ],
      [
        'CNI plugins (podnet) change the network of the host, which needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN); run it with sudo, or use network(pasta()) or network(slirp()).',
      ],
      [],
    ]);
  });
});
