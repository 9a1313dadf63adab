/** Golden plans: eight containers on five stored hosts, as text; a change of behaviour is read as a difference of system calls. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { storedHosts } from '@haco/testkit';
import { haco, orThrow, type Builder } from './index.js';

const root = '/srv/root';

const oneLiner = haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50);

const containers: Readonly<Record<string, Builder>> = {
  bare: haco().command('/bin/true'),
  'one-liner': oneLiner,
  isolated: haco()
    .name('web')
    .unshare('mount', 'uts', 'ipc', 'pid', 'cgroup', 'time')
    .chroot(root)
    .independent('procfs', 'dev')
    .tmpfs('/tmp', { size: '64MiB' })
    .mount('/srv/data', '/mnt', { readonly: true, recursive: false })
    .caps('none')
    .noNewPrivileges()
    .memory('256MiB')
    .pids(64)
    .rlimit('nofile', 256)
    .env({ LANG: 'C.UTF-8' })
    .command('/bin/server', '--port', '80'),
  rootless: haco()
    .name('mine')
    .unshare('user', 'mount', 'pid', 'uts', 'ipc')
    .mapUsers('auto')
    .mapGroups('auto')
    .chroot(root)
    .independent('procfs')
    .command('/bin/sh', '-c', 'id'),
  terminal: haco()
    .name('shell')
    .unshare('mount', 'pid')
    .chroot(root)
    .independent('dev')
    .user(1000, 1000, [20])
    .workdir('/tmp')
    .tty({ columns: 120, rows: 40 })
    .command('/bin/sh'),
  filtered: haco()
    .unshare('pid')
    .caps('docker')
    .seccomp('default')
    .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_LOG'] })
    .onSyscall('connect', () => 'continue')
    .noNewPrivileges()
    .init()
    .command('/bin/server'),
  logged: haco().stdout({ file: '/var/log/out' }).stderr({ file: '/var/log/err' }).command('server'),
  created: haco().name('later').unshare('pid').startFifo('/run/later/start').init().command('server'),
};

describe('explain', () => {
  for (const [name, builder] of Object.entries(containers)) {
    test.each(Object.keys(storedHosts) as (keyof typeof storedHosts)[])(`${name} on %s`, async (host) => {
      const plan = orThrow(builder.explain({ host: storedHosts[host] }));
      await expect(String(plan)).toMatchFileSnapshot(`./golden/${name}.${host}.txt`);
    });
  }

  test('every step says why, and every name of a step is used once', () => {
    for (const builder of Object.values(containers)) {
      for (const host of Object.values(storedHosts)) {
        const { steps } = orThrow(builder.explain({ host }));
        expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
        for (const { label, why } of steps)
          expect([label, why].every((text) => text !== '' && !text.endsWith('.'))).toBe(true);
      }
    }
  });

  test('every warning is about a step of the plan, and says a remedy', () => {
    for (const builder of Object.values(containers)) {
      for (const host of Object.values(storedHosts)) {
        const { steps, warnings } = orThrow(builder.explain({ host }));
        for (const { step, message } of warnings) {
          expect(steps.map(({ id }) => id)).toContain(step);
          expect(message).toMatch(/^.+; .+\.$/s);
        }
      }
    }
  });
});

describe('what README.md shows', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const blockAfter = (heading: string): string =>
    /```text\n(.*?)```/s.exec(readme.slice(readme.indexOf(`## ${heading}\n`)))?.[1] ?? '';

  test('of a plan is in that plan, in that order', () => {
    // Shorter, as on a machine whose shells are in no group.
    const [group, shorter] = ['/sys/fs/cgroup/cpu,cpuacct/system.slice/ssh.service', '/sys/fs/cgroup/cpu'];
    const plan = String(orThrow(oneLiner.explain({ host: storedHosts.hybrid }))).replaceAll(group, shorter);
    const shown = blockAfter('explain()').split(/^…\n/m);
    expect(shown.length).toBeGreaterThan(3);
    let at = 0;
    for (const part of shown.filter((text) => text !== '')) {
      const found = plan.indexOf(part, at);
      expect(found, part).toBeGreaterThanOrEqual(at);
      at = found + part.length;
    }
  });

  test('of problems is what a spec with these problems is answered', () => {
    const builder = haco().memory('lots').name('../x').cpu(0).rlimit('nofile', 10, 5);
    const { message } = builder.spec()._unsafeUnwrapErr();
    expect(blockAfter('Errors').replaceAll(/\n(?!\n)/g, ' ')).toContain(message);
  });
});
