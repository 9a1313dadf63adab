/** Limits as an ordinary user, in a group that was delegated: as the kernel and as systemd do it. */
import { existsSync, readFileSync } from 'node:fs';
import { haco, orThrow } from '@haco/core';
import { probeHost } from '@haco/sys';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterAll, expect, test } from 'vitest';
import { hierarchiesOf } from './hierarchy.js';
import { moveSelfToLeaf } from './host/leaf.js';
import { leaveLeaf } from './host/leave-leaf.fixture.js';

// The first start makes descriptors that later ones use again.
const onlyContainers = { ignore: /^descriptor/ };

const limited = haco().stdin('null').cpu(50).memory('64MiB').pids(16);

function home(): string {
  return hierarchiesOf({ pids: 1 }, probeHost()).map(({ base }) => base)[0] ?? '';
}

describeWith(['ordinary-user', 'pure-cgroup2', 'vm'], 'cgroups of an ordinary user', () => {
  afterAll(leaveLeaf);

  test('a delegated group with processes is refused, with what makes it fit', async () => {
    const own = home();
    const error = (await limited.command('/bin/true').run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'permission' });
    expect(error.message).toContain(`${own} doesn't hand cpu, memory, pids down to its children`);
    expect(error.message).toContain('moveSelfToLeaf()');
    expect(error.message).toContain('systemd-run --user --scope -p Delegate=yes');

    await orThrow(moveSelfToLeaf());
    expect(home()).toBe(own);
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toMatch(/\/haco-self$/m);
    expect(readFileSync(`${own}/cgroup.procs`, 'utf8')).toBe('');
    await orThrow(moveSelfToLeaf());
    expect(readFileSync('/proc/self/cgroup', 'utf8')).not.toMatch(/haco-self\/haco-self/);
  });

  test('a container has its limits in its own group, which goes with it', async () => {
    const outcome = await expectNothingLeft(async () => {
      const container = await orThrow(limited.name('haco-test-see').stdin('pipe').sh('read go').start());
      const group = `${home()}/haco/haco-test-see`;
      const limit = (file: string): string => readFileSync(`${group}/${file}`, 'utf8').trim();
      expect([limit('cpu.max'), limit('memory.max'), limit('pids.max')]).toEqual(['50000 100000', '67108864', '16']);
      const own = readFileSync(`/proc/${String(container.pid)}/cgroup`, 'utf8');
      expect(own).toMatch(/^0::.*\/haco\/haco-test-see$/m);
      expect(limit('cgroup.procs').split('\n')).toContain(String(container.pid));
      container.stdin?.end('go\n');
      return orThrow(container.wait());
    }, onlyContainers);
    expect(outcome).toMatchObject({
      exitCode: 0,
      enforced: { cpu: 'enforced', memory: 'enforced', pids: 'enforced' },
    });
    expect(existsSync(`${home()}/haco`)).toBe(false);
  });

  test('who takes more memory than allowed is killed, and the outcome says why', async () => {
    const outcome = await orThrow(haco().command('/usr/bin/tail', '/dev/zero').memory('20MiB').run());
    expect(outcome.reason).toBe('oom');
    expect(outcome.usage.oomKills).toBe(1);
  });

  test('forks stop at their number, in a user namespace too', async () => {
    // The shell ends when it can't fork, and the first goes with it.
    const script = 'sleep 20 & sleep 20 & wait';
    const tight = await orThrow(haco().sh(script).pids(2).run());
    expect(tight.usage.pidsLimitHits).toBeGreaterThan(0);
    const inside = await orThrow(haco().unshare('user', 'pid', 'mount').sh(script).pids(2).run());
    expect(inside.usage.pidsLimitHits).toBeGreaterThan(0);
  });

  test('a cgroup namespace is rooted in the group of the container', async () => {
    const outcome = await orThrow(limited.unshare('user', 'cgroup').command('/bin/cat', '/proc/self/cgroup').run());
    expect(outcome.stdout).toBe('0::/\n');
  });

  test('processes that outlive the container are killed with its group', async () => {
    await expectNothingLeft(async () => {
      const outcome = await orThrow(limited.sh('setsid sleep 77 >/dev/null 2>&1 </dev/null & exit 3').run());
      expect(outcome).toMatchObject({ exitCode: 3 });
    }, onlyContainers);
  });

  test('a second container of the same name is a conflict, and the first one lives on', async () => {
    const base = limited.name('haco-test-twice');
    const first = await orThrow(base.stdin('pipe').sh('read go').start());
    const error = (await base.command('/bin/true').run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'conflict', subject: 'haco-test-twice' });
    first.stdin?.end('go\n');
    expect(await orThrow(first.wait())).toMatchObject({ reason: 'exited', exitCode: 0 });
  });

  test('a controller that was not delegated is refused by name', async () => {
    const error = (await haco().command('/bin/true').cgroup('misc.max', 'x 1').run())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'unsupported' });
    expect(error.message).toContain('no cgroup controller "misc"');
  });
});
