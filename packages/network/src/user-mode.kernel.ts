/** Networks of an ordinary user, in net namespaces that the test makes: traffic stays in there. Root only gives that user a /dev/net/tun. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serverScript, world } from './host/test-net.js';

const fixture = fileURLToPath(new URL('host/user-mode.fixture.ts', import.meta.url));

/** A user namespace with a net namespace that has a world outside; the fixture itself has no capability in there. */
function command(...args: readonly string[]): readonly string[] {
  const node = `${process.execPath} --import tsx --conditions @haco/source`;
  const script = `
    ip link set lo up
    unshare --net sh -c 'while ! ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
      ip address add ${world.v4}/24 dev eth0; ip link set eth0 up
      exec ${process.execPath} -e "$WORLD"' >/dev/null &
    world=$!
    while [ "$(readlink /proc/$world/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link add up0 type veth peer name eth0 netns $world
    ip address add ${world.host4}/24 dev up0
    ip link set up0 up
    ip route add default via ${world.v4}
    ${process.execPath} -e "$OWN" >/dev/null &
    own=$!
    setpriv --inh-caps=-all --ambient-caps=-all ${node} ${fixture} ${args.join(' ')}
    kill -9 $world $own`;
  // Where no udev has done so, only root may open the device: this user gets one in a mount namespace.
  const tun = 'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200';
  const user = 'setpriv --reuid 65534 --regid 65534 --clear-groups';
  const own = 'unshare --user --map-current-user --net --pid --fork --kill-child --mount-proc --keep-caps';
  return ['unshare', '--mount', 'sh', '-ec', `${tun}; exec ${user} ${own} sh -c "$0"`, script];
}

/** Pids of programs of this name that run as this user. */
function running(name: RegExp): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        statSync(`/proc/${pid}`).uid === 65_534 &&
        name.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))
      );
    } catch {
      return false;
    }
  });
}

// Each of them starts several programs of Node, one after the other.
vi.setConfig({ testTimeout: 90_000 });

describeWith(['root', 'userns', 'iproute2', 'tun', 'pasta', 'slirp4netns'], 'pasta and slirp4netns', () => {
  let runtime: string;
  beforeEach(async () => {
    runtime = await makeTemporaryDirectory('run');
  });
  afterEach(() => rm(runtime, { recursive: true }));

  const start = (...args: readonly string[]) => {
    const [program = '', ...rest] = command(...args);
    chownSync(runtime, 65_534, 65_534);
    const scripts = { WORLD: serverScript(90), OWN: serverScript(91).replace("'::'", "'127.0.0.1'") };
    const env = { PATH: process.env['PATH'], HOME: runtime, XDG_RUNTIME_DIR: runtime, ...scripts };
    return spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  };

  test.each(['pasta', 'slirp'])(
    '%s: out, in by published ports, and not to what only the host may reach',
    async (kind) => {
      await expectNothingLeft(async () => {
        const child = start(kind);
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        await once(child, 'close');
        const result = JSON.parse(text) as Record<string, unknown>;
        expect(result).toMatchObject({
          program: kind === 'pasta' ? 'pasta' : 'slirp4netns',
          out: `::ffff:${world.host4}`,
          resolver: `nameserver ${kind === 'pasta' ? '169.254.213.53' : '10.0.2.3'}`,
          taken:
            'The host port "127.0.0.1:PORT/tcp" is already in use; the container "web" publishes 127.0.0.1:PORT/tcp; choose another, or 0 for one that is free.',
          low: 'Not allowed to publish the port 80/tcp: ports below net.ipv4.ip_unprivileged_port_start belong to root; use a port from 1024, or run "sysctl -w net.ipv4.ip_unprivileged_port_start=0".',
          again: 'ECONNREFUSED',
          left: 0,
          files: false,
        });
        expect(result['published']).toMatch(/^::ffff:/);
        expect(result['loopback']).toMatch(/^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|timeout)$/);
      });
    },
  );

  test.each([
    // pasta executes the variant for the processor.
    ['pasta', /^(pasta|passt)/],
    ['slirp', /^slirp4netns/],
  ])('%s ends when Node is killed', async (kind, program) => {
    await expectNothingLeft(async () => {
      const child = start(kind, 'stay');
      const over = once(child, 'close');
      await once(child.stdout, 'data');
      expect(running(program)).toHaveLength(1);
      const node = running(/^node$/m).find((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('user-mode.fixture'),
      );
      process.kill(Number(node), 'SIGKILL');
      await expect.poll(() => running(program), { timeout: 5000 }).toEqual([]);
      await over;
    });
  });
});
