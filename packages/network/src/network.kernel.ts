/** Networks that need nothing of the host: none, its own, and those of others. */
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

const name = `haco-test-${String(process.pid)}`;
const namespaceOf = 'readlink /proc/self/ns/net';

describeWith(['root', 'iproute2'], 'network', () => {
  // What the first start of a process opens stays open.
  beforeAll(() => orThrow(haco().command('true').run()));

  test('none: a namespace of its own in which only lo is, and lo is up', async () => {
    await expectNothingLeft(async () => {
      const { stdout } = await orThrow(haco().network('none').command('ip', '-j', 'address').run());
      const interfaces = JSON.parse(stdout) as readonly {
        ifname: string;
        flags: string[];
        addr_info: { local: string }[];
      }[];
      const lo = interfaces.find(({ ifname }) => ifname === 'lo');
      expect(lo?.flags).toContain('UP');
      expect(lo?.addr_info.map(({ local }) => local)).toEqual(['127.0.0.1', '::1']);
      expect(interfaces.filter(({ flags }) => flags.includes('UP'))).toHaveLength(1);
    });
  });

  test('without it, lo of a new namespace is down', async () => {
    const { stdout } = await orThrow(haco().unshare('net').command('ip', '-br', 'link', 'show', 'lo').run());
    expect(stdout).toMatch(/^lo +DOWN/);
  });

  test('none works with a user namespace too', async () => {
    const { stdout } = await orThrow(
      haco().unshare('user').network('none').command('ip', '-br', 'link', 'show', 'lo').run(),
    );
    expect(stdout).toMatch(/^lo +UNKNOWN/);
  });

  test('host: the namespace of the caller', async () => {
    const { stdout } = await orThrow(haco().network('host').sh(namespaceOf).run());
    expect(stdout.trim()).toBe(readlinkSync('/proc/self/ns/net'));
  });

  test('join: by name, by path, by pid, by container', async () => {
    await expectNothingLeft(
      async () => {
        ip('netns', 'add', name);
        try {
          const named = await orThrow(haco().network({ join: name }).sh(namespaceOf).run());
          expect(named.stdout.trim()).not.toBe(readlinkSync('/proc/self/ns/net'));
          const other = await orThrow(haco().network({ join: name }).command('sleep', '1000').start());
          const ways = [`/run/netns/${name}`, other.pid, other];
          for (const join of ways) {
            const { stdout } = await orThrow(haco().network({ join }).sh(namespaceOf).run());
            expect(stdout).toBe(named.stdout);
          }
          orThrow(other.kill());
          await orThrow(other.wait());
        } finally {
          ip('netns', 'del', name);
        }
      },
      { ignore: /mount \/run\/netns/ },
    );
  });

  test('join: a name that nobody has is said to be missing', async () => {
    const error = (await haco().network({ join: 'nobody-has-this' }).command('true').run())._unsafeUnwrapErr();
    expect(error.message).toContain(
      'openat(AT_FDCWD, "/run/netns/nobody-has-this", O_RDONLY|O_CLOEXEC, 0) failed with ENOENT',
    );
  });

  test('a namespace of network("none") can be kept, and joined later', async () => {
    await expectNothingLeft(async () => {
      const path = `/run/${name}`;
      const made = await orThrow(haco().network('none').persist('net', path).sh(namespaceOf).run());
      try {
        const joined = await orThrow(haco().network({ join: path }).sh(namespaceOf).run());
        expect(joined.stdout).toBe(made.stdout);
      } finally {
        spawnSync('umount', [path]);
        spawnSync('rm', [path]);
      }
    });
  });
});
