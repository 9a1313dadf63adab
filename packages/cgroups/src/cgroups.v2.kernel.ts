/** What is particular to a host with nothing but cgroup v2. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { haco, orThrow } from '@haco/core';
import { probeHost } from '@haco/sys';
import { asUser, describeWith, expectNothingLeft } from '@haco/testkit';
import { expect, test } from 'vitest';
import { hierarchiesOf } from './hierarchy.js';

// The first start makes descriptors that later ones use again.
const onlyContainers = { ignore: /^descriptor/ };

// Kernels that count by ticks (User Mode Linux) see nothing of a process that only sleeps: enough work for several ticks.
const busyThenIdle = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; read go';
const limited = haco().stdin('null').cpu(50).memory('64MiB').pids(16);
const all = { cpu: 50, memory: 67_108_864, pids: 16 };

describeWith(['root', 'pure-cgroup2'], 'cgroups on pure v2', () => {
  test('one group has all the limits, and what it has used is read before it goes', async () => {
    const [base = '', ...others] = hierarchiesOf(all, probeHost()).map((hierarchy) => hierarchy.base);
    expect(others).toEqual([]);
    const outcome = await expectNothingLeft(async () => {
      const container = await orThrow(limited.name('haco-test-one').stdin('pipe').sh(busyThenIdle).start());
      const limit = (file: string): string => readFileSync(`${base}/haco/haco-test-one/${file}`, 'utf8').trim();
      expect([limit('cpu.max'), limit('memory.max'), limit('pids.max')]).toEqual(['50000 100000', '67108864', '16']);
      container.stdin?.end('go\n');
      return orThrow(container.wait());
    }, onlyContainers);
    expect(outcome.enforced).toEqual({ cpu: 'enforced', memory: 'enforced', pids: 'enforced' });
    expect(outcome.usage.userMs + outcome.usage.systemMs).toBeGreaterThan(0);
    // A group that others may rely on by then keeps handing the controllers down.
    expect(readFileSync(`${base}/cgroup.subtree_control`, 'utf8').trim().split(' ')).toEqual(
      expect.arrayContaining(['cpu', 'memory', 'pids']),
    );
    expect(existsSync(`${base}/haco`)).toBe(false);
  });

  test('the process is in its group from its first moment', async () => {
    const outcome = await orThrow(limited.name('haco-test-in').command('/bin/cat', '/proc/self/cgroup').run());
    expect(outcome.stdout).toMatch(/^0::\/haco\/haco-test-in\n$/);
    const plan = limited.command('/bin/true').explain()._unsafeUnwrap();
    const clone = plan.steps.flatMap(({ operations }) => operations).find(({ op }) => op === 'clone');
    expect(clone).toMatchObject({ cgroup: 'cgroup2' });
    expect(plan.steps.map(({ id }) => id)).not.toContain('cgroups.join');
  });

  test('a mounted cgroup filesystem shows the group of the container as its root', async () => {
    const builder = limited.unshare('mount', 'cgroup', 'pid').chroot('/', { readonly: true }).independent('cgroup');
    const { stdout } = await orThrow(
      builder
        .sh('cat /proc/self/cgroup /sys/fs/cgroup/pids.max; cat /sys/fs/cgroup/memory.max; ls -d /sys/fs/cgroup/haco')
        .run(),
    );
    expect(stdout).toBe('0::/\n16\n67108864\n');
  });

  test(
    'root inside of a container is told before that processes are in the way, and can move them',
    { timeout: 120_000 },
    async () => {
      const outer = '/sys/fs/cgroup/haco-test-outer';
      const core = fileURLToPath(import.meta.resolve('@haco/core'));
      const groups = fileURLToPath(new URL('index.ts', import.meta.url));
      const script = `
      import { haco } from ${JSON.stringify(core)};
      import { createGroup, moveSelfToLeaf, orThrow } from ${JSON.stringify(groups)};
      const limited = haco().pids(5).command('/bin/cat', '/proc/self/cgroup');
      const { problems } = await orThrow(limited.check());
      console.log(problems.map(({ kind, message }) => kind + ': ' + message).join());
      console.log((await createGroup({ name: 'x', pids: 5 }))._unsafeUnwrapErr().kind);
      await orThrow(moveSelfToLeaf());
      console.log((await orThrow(limited.name('inner').run())).stdout.trim());`;
      const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')];
      const inside = 'umount /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"';
      const enter = `mkdir ${outer} && echo $$ > ${outer}/cgroup.procs && exec unshare --cgroup --mount /bin/sh -c '${inside}' sh "$@"`;
      const args = ['-c', enter, 'sh', ...node, '--input-type=module', '-e', script];
      const cwd = fileURLToPath(new URL('.', import.meta.url));
      const handed = '/sys/fs/cgroup/cgroup.subtree_control';
      writeFileSync(handed, '+pids');
      const { stdout, stderr } = spawnSync('/bin/sh', args, { cwd, encoding: 'utf8' });
      for (const group of [`${outer}/haco-self`, `${outer}/haco`, outer]) if (existsSync(group)) rmdirSync(group);
      expect(stderr).toBe('');
      const [problem, kind, group] = stdout.trim().split('\n');
      expect(problem).toMatch(
        /^permission: \/sys\/fs\/cgroup doesn't hand pids down to its children, and can't while processes are in it, .*call moveSelfToLeaf\(\)/,
      );
      expect(kind).toBe('permission');
      expect(group).toBe('0::/haco/inner');
    },
  );
});

describeWith(['root', 'pure-cgroup2', 'readable-sources'], 'an ordinary user on pure v2', () => {
  test('who has no delegated group is told the command that makes one', async () => {
    const core = fileURLToPath(import.meta.resolve('@haco/core'));
    const groups = fileURLToPath(new URL('index.ts', import.meta.url));
    const script = `
      import { haco } from ${JSON.stringify(core)};
      import { createGroup } from ${JSON.stringify(groups)};
      const result = await haco().command('/bin/true').memory('64MiB').run();
      console.log(result.isErr() ? result.error.kind + ': ' + result.error.message : 'it ran');
      const group = await createGroup({ name: 'haco-test-user', pids: 5 });
      console.log(group.isErr() ? group.error.message : 'it was made');`;
    const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')];
    const { stdout, stderr } = await asUser([...node, '--input-type=module', '-e', script], { timeoutMs: 110_000 });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^permission: .*isn't delegated to this user/);
    for (const line of stdout.trim().split('\n')) expect(line).toContain('systemd-run --user --scope -p Delegate=yes');
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });
});
