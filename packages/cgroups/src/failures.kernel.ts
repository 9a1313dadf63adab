/** What can go wrong with limits on a real host: each has a sentence that names the path, the value and a way out. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { haco, orThrow } from '@haco/core';
import { probeHost } from '@haco/sys';
import { asUser, describeWith, expectNothingLeft, probePath } from '@haco/testkit';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createGroup, type CreateGroupOptions } from './host/create-group.js';
import type { Group } from './host/group.js';
import { openGroup } from './host/open-group.js';
import { hierarchiesOf } from './hierarchy.js';

const children: ChildProcess[] = [];
const groups: Group[] = [];

async function make(options: CreateGroupOptions): Promise<Group> {
  const group = await orThrow(createGroup(options));
  groups.push(group);
  return group;
}

function start(...command: readonly [string, ...string[]]): number {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: 'ignore' });
  children.push(child);
  return child.pid ?? 0;
}

/** A program that says how a container and a group with a limit of processes fare. */
const tries = `
  import { haco } from ${JSON.stringify(fileURLToPath(import.meta.resolve('@haco/core')))};
  import { createGroup } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
  for (const result of [
    await haco().name('haco-test-try').pids(5).command('/bin/true').run(),
    await createGroup({ name: 'haco-test-try', pids: 5 }),
  ]) console.log(result.isErr() ? result.error.kind + ': ' + result.error.message : 'it worked');`;
const node = [process.execPath, '--conditions=@haco/source', '--import', import.meta.resolve('tsx')];
const program = [...node, '--input-type=module', '-e', tries] as const;
const here = fileURLToPath(new URL('.', import.meta.url));

/** The directory below which a limit of processes makes its groups, and the mount point that it is in. */
function place(): { readonly base: string; readonly mountPoint: string } {
  const [hierarchy] = hierarchiesOf({ pids: 1 }, probeHost());
  return { base: hierarchy?.base ?? '', mountPoint: hierarchy?.mount.mountPoint ?? '' };
}

const needs = ['root', 'probe', 'controller:memory', 'controller:pids'] as const;

describeWith(needs, 'a limit that can not be set', () => {
  beforeAll(async () => void (await haco().pids(5).command('/bin/true').run()));
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const group of groups.splice(0)) void (await group.remove({ kill: true }));
  });

  test('a controller that the host lacks', async () => {
    const { v1, v2 } = probeHost().cgroups;
    const [absent] = ['dmem', 'net_cls', 'rdma', 'misc'].filter(
      (name) => !Object.hasOwn(v1, name) && v2?.controllers.includes(name) !== true,
    );
    const key = `${absent ?? ''}.haco`;
    const sentence = new RegExp(
      `This host has no cgroup controller "${absent ?? ''}", which cgroup\\("${key}", …\\) needs; leave it out, or check with "cat /proc/cgroups" and the kernel's command line \\(cgroup_disable, cgroup_enable\\)\\.$`,
    );
    const container = await expectNothingLeft(async () =>
      (await haco().cgroup(key, 1).command('/bin/true').run())._unsafeUnwrapErr(),
    );
    expect(container).toMatchObject({ kind: 'unsupported', message: expect.stringMatching(sentence) as unknown });
    const group = await expectNothingLeft(async () =>
      (await createGroup({ name: 'haco-test-absent', keys: { [key]: 1 } }))._unsafeUnwrapErr(),
    );
    expect(group).toMatchObject({ kind: 'unsupported', message: expect.stringMatching(sentence) as unknown });
  });

  test('a read-only cgroup file system', { timeout: 60_000 }, async () => {
    const { mountPoint } = place();
    const script = `mount -o remount,bind,ro ${mountPoint} && exec "$@"`;
    const args = ['--mount', '--propagation', 'private', '/bin/sh', '-c', script, 'sh', ...program];
    const { stdout, stderr } = await expectNothingLeft(() =>
      Promise.resolve(spawnSync('unshare', args, { cwd: here, encoding: 'utf8' })),
    );
    expect(stderr).toBe('');
    const [container, group, ...rest] = stdout.split('\n');
    // Which group it is differs: on a pure v2 host root makes groups below the topmost one only where that can be written.
    const sentence = `Limits of pids need a group in ${mountPoint}\\S*, which is read-only here; mount it read-write with "mount -o remount,rw ${mountPoint}"\\.`;
    expect(container).toMatch(new RegExp(`^permission: Could not make the group haco/haco-test-try in .+ ${sentence}`));
    expect(group).toMatch(new RegExp(`^permission: ${sentence}$`));
    expect(rest).toEqual(['']);
  });

  test('a group that no hierarchy takes is none, with or without limits', { timeout: 60_000 }, () => {
    const tries = `
      import { createGroup } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
      for (const limits of [{}, { pids: 5, degrade: true }]) {
        const made = await createGroup({ name: 'haco-test-nowhere', ...limits });
        console.log(made.isErr() ? made.error.kind + ': ' + made.error.message : String(made.value.dirs.length));
      }`;
    const remount = `for at in $(awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts); do mount -o remount,bind,ro $at; done && exec "$@"`;
    const command = [...node, '--input-type=module', '-e', tries];
    const args = ['--mount', '--propagation', 'private', '/bin/sh', '-c', remount, 'sh', ...command];
    const { stdout, stderr } = spawnSync('unshare', args, { cwd: here, encoding: 'utf8' });
    expect(stderr).toBe('');
    const [plainly, degraded] = stdout.split('\n');
    expect(plainly).toMatch(
      /^permission: Not allowed to make the group haco-test-nowhere in any hierarchy: EROFS \(make the group \/sys\/fs\/cgroup\S*\); .+\.$/,
    );
    expect(degraded).toMatch(
      /^permission: Not allowed to make the group haco-test-nowhere in any hierarchy: EROFS \(make the group \/sys\/fs\/cgroup\S*\), so that pids would be refused; .+\.$/,
    );
  });

  test('snapshots of more groups than there are descriptors: all of them, or an error', { timeout: 60_000 }, () => {
    const tries = `
      import { openSync } from 'node:fs';
      import { createGroup, orThrow } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
      const groups = [];
      for (let index = 0; index < 24; index += 1) {
        groups.push(await orThrow(createGroup({ name: 'haco-test-many-' + index, pids: 5, memory: '64MiB' })));
      }
      const whole = () => groups.filter((group) => orThrow(group.stats()).memory?.stat.anonBytes !== undefined).length;
      console.log([whole(), whole()].join());
      const taken = [];
      try {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      } catch {}
      console.log(whole());
      for (const group of groups) group.close();
      try {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      } catch {}
      console.log(groups[0].stats().match((stats) => JSON.stringify(stats), (error) => error.message));
      process.exitCode = 0;
      // Nothing can be opened any more: who started this removes the groups.
      process.exit();`;
    const command = [...node, '--input-type=module', '-e', tries];
    // What tsx and Node need to begin leaves some for the groups, and fewer than they would keep open.
    const script = 'ulimit -n 256 && exec "$@"';
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', ...command], { cwd: here, encoding: 'utf8' });
    for (let index = 0; index < 24; index += 1) {
      void openGroup({ container: `haco-test-many-${String(index)}` }).map((group) => groups.push(group));
    }
    expect(stderr).toBe('');
    const [first, second, third] = stdout.split('\n');
    expect([first, second]).toEqual(['24,24', '24']);
    expect(third).toMatch(
      /^Could not read \/sys\/fs\/cgroup\/\S+: openat\(.+\) failed with EMFILE; this process has as many files open as RLIMIT_NOFILE allows; .+\.$/,
    );
  });

  test('a value out of range, before anything is tried', async () => {
    const group = (await createGroup({ name: 'haco-test-range', cpu: 0.5, memory: 100, pids: 0 }))._unsafeUnwrapErr();
    expect(group.message).toBe(
      'The spec has 3 problems: cpu: 0.5 is not between 1 and 819200 percent of one CPU; memory: 100 is not between 4096 and 9007199254740991 bytes; pids: 0 is not between 1 and 4194304 processes.',
    );
    const container = (await haco().memory(100).command('/bin/true').run())._unsafeUnwrapErr();
    expect(container.message).toBe(
      'The spec is invalid: cgroups.memory: 100 is not between 4096 and 9007199254740991 bytes.',
    );
  });

  test('a value that the kernel refuses, with the one that stays', async () => {
    const container = (await haco().cgroup('pids.max', 'seven').command('/bin/true').run())._unsafeUnwrapErr();
    expect(container).toMatchObject({ kind: 'syscall', syscall: 'write', errno: 'EINVAL' });
    expect(container.message).toMatch(
      /^Could not write "seven" to pids\.max of haco\/\S+ \(asked by cgroups\.keys\["pids\.max"\]\): write\(.+\) failed with EINVAL; .+\.$/,
    );
    const group = await make({ name: 'haco-test-refused', pids: 5 });
    const error = (await group.update({ keys: { 'pids.max': 'seven' } }))._unsafeUnwrapErr();
    expect(error.message).toMatch(
      /^Could not write "seven" to \/\S+\/haco\/haco-test-refused\/pids\.max \(it is "5"\): write\(.+\) failed with EINVAL; .+\.$/,
    );
  });

  test('a limit below what is in use', async () => {
    const group = await make({ name: 'haco-test-below', memory: '256MiB', keys: { 'memory.swap.max': 0 } });
    await orThrow(group.add(start(probePath(), 'hog', '60', '20')));
    const used = (): number => orThrow(group.stats({ only: ['memory'] })).memory?.currentBytes ?? 0;
    for (let i = 0; i < 100 && used() < 5e7; i += 1) await sleep(50);
    const error = (await group.update({ memory: '8MiB' }))._unsafeUnwrapErr();
    const asTheKernelDoes = (await group.update({ keys: { 'memory.max': '8M' } }))._unsafeUnwrapErr();
    // Trying may have reclaimed some.
    const withoutUse = ({ message }: Error): string => message.replaceAll('"8M"', '"8388608"').replace(/uses \S+ /, '');
    expect(withoutUse(asTheKernelDoes)).toBe(withoutUse(error));
    const path = group.path('memory') ?? '';
    if (group.dirs.find((dir) => dir.path === path)?.version === 1) {
      expect(error).toMatchObject({ kind: 'syscall', errno: 'EBUSY' });
      expect(error.message).toMatch(
        /^Could not write "8388608" to \/\S+\/memory\.limit_in_bytes \(it is "268435456"\): write\(.+\) failed with EBUSY; the group already uses more .+\.$/,
      );
    } else {
      expect(error.kind).toBe('state');
      expect(error.message).toMatch(
        /^Can't lower \/\S+\/memory\.max to 8 MiB while the group uses \S+ \S+ that the kernel could not reclaim; raise the limit, stop processes first, or allow the kernel to kill some with allowOomKill: true\.$/,
      );
    }
    expect(orThrow(group.stats({ only: ['memory'] })).memory?.maxBytes).toBe(256 * 2 ** 20);
  });

  test('a group that vanished', async () => {
    const group = await make({ name: 'haco-test-gone', pids: 5 });
    const [dir] = group.dirs;
    for (const { path } of group.dirs) rmdirSync(path);
    const sentence = (path: string): string =>
      `There is no control group "${path}"; it was removed meanwhile, perhaps by another program; create it again.`;
    expect((await group.update({ pids: 6 }))._unsafeUnwrapErr().message).toBe(sentence(group.path('pids') ?? ''));
    expect((await group.add(process.pid))._unsafeUnwrapErr().message).toBe(sentence(dir?.path ?? ''));
    expect((await group.freeze())._unsafeUnwrapErr().message).toMatch(/^There is no control group "/);
    expect(group.stats()._unsafeUnwrapErr().message).toMatch(
      /^There is no control group "\S+"; it was removed meanwhile; create it again\.$/,
    );
    expect((await group.child('x', { pids: 3 }))._unsafeUnwrapErr().kind).toBe('not-found');
    expect((await group.kill()).isOk()).toBe(true);
    expect((await group.remove()).isOk()).toBe(true);
  });

  test('a group that is in use when it is removed: waited for, then told', async () => {
    const group = await make({ name: 'haco-test-busy', pids: 5 });
    const leaving = start('sleep', '60');
    await orThrow(group.add(leaving));
    const removed = group.remove();
    process.kill(leaving, 'SIGKILL');
    await orThrow(removed);
    const other = await make({ name: 'haco-test-busy', pids: 5 });
    const pid = start('sleep', '60');
    await orThrow(other.add(pid));
    expect((await other.remove({ timeout: 50 }))._unsafeUnwrapErr().message).toBe(
      `Can't remove the group ${other.dirs[0]?.path ?? ''} while processes are in it (${String(pid)}); stop them first, or call kill() before.`,
    );
    expect(other.pids()).toEqual([pid]);
  });

  test(
    'two programs that use one name at once: one has it, and nothing of it is harmed',
    { timeout: 60_000 },
    async () => {
      await expectNothingLeft(async () => {
        const grab = `
        import { createGroup } from ${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))};
        process.stdout.write('ready\\n');
        await new Promise((resolve) => process.stdin.once('data', resolve));
        const made = await createGroup({ name: 'haco-test-race', pids: 5, memory: '64MiB' });
        process.stdout.write((made.isErr() ? made.error.kind + ': ' + made.error.message : 'made') + '\\n');
        await new Promise((resolve) => process.stdin.once('data', resolve));
        if (made.isOk()) await made.value.remove();
        process.exit();`;
        const programs = Array.from({ length: 3 }, () => {
          const child = spawn(node[0] ?? '', [...node.slice(1), '--input-type=module', '-e', grab], { cwd: here });
          children.push(child);
          return child;
        });
        const say = (child: ChildProcess): Promise<string> =>
          new Promise((resolve) => child.stdout?.once('data', (data: Buffer) => resolve(String(data).trim())));
        const closed = programs.map((child) => new Promise((resolve) => child.once('close', resolve)));
        await Promise.all(programs.map(say));
        const answers = Promise.all(programs.map(say));
        for (const child of programs) child.stdin.write('go\n');
        const told = await answers;
        expect(told.filter((answer) => answer === 'made')).toHaveLength(1);
        for (const answer of told.filter((one) => one !== 'made')) {
          expect(answer).toMatch(
            /^conflict: The control group "\S+\/haco\/haco-test-race" is already in use; choose another name, open it with openGroup\(\), or remove it when nobody uses it\.$/,
          );
        }
        expect(readFileSync(`${place().base}/haco/haco-test-race/pids.max`, 'utf8')).toBe('5\n');
        const container = (await haco().name('haco-test-race').pids(7).command('/bin/true').run())._unsafeUnwrapErr();
        expect(container.message).toBe(
          'The name "haco-test-race" is already in use; a container of this name has a cgroup here already; end that one or choose another name.',
        );
        expect(readFileSync(`${place().base}/haco/haco-test-race/pids.max`, 'utf8')).toBe('5\n');
        for (const child of programs) child.stdin.write('go\n');
        await Promise.all(closed);
      });
    },
  );

  test("groups of the caller's own are never touched", async () => {
    const own = `${place().base}/haco-test-mine`;
    mkdirSync(own);
    try {
      const before = readFileSync(`${own}/pids.max`, 'utf8');
      await orThrow(haco().name('haco-test-mine').pids(3).command('/bin/true').run());
      const group = await make({ name: 'haco-test-mine', pids: 3 });
      await orThrow(group.remove());
      expect(existsSync(own)).toBe(true);
      expect(readFileSync(`${own}/pids.max`, 'utf8')).toBe(before);
    } finally {
      rmdirSync(own);
    }
  });
});

describeWith([...needs, 'readable-sources'], 'a limit that this user may not set', () => {
  test('a hierarchy that is not delegated', { timeout: 120_000 }, async () => {
    const { stdout, stderr } = await asUser([...program], { timeoutMs: 110_000 });
    expect(stderr).toBe('');
    const how =
      hierarchiesOf({ pids: 1 }, probeHost())[0]?.version === 1
        ? 'which only root may make; run it with sudo, or let root give you the directory.'
        : 'which isn\'t delegated to this user; start it with "systemd-run --user --scope -p Delegate=yes …", let it call moveSelfToScope() of @haco/cgroups, or run it with sudo.';
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(/^permission: /);
      expect(line).toMatch(/Limits of pids need a group in \/sys\/fs\/cgroup\S*, /);
      expect(line.endsWith(how)).toBe(true);
    }
  });
});
