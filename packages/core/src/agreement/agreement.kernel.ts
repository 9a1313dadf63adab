/** strace agreement: the system calls of the launcher and of the container are those that `explain()` says, in that order. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from '@haco/plan';
import { closeForkServer } from '@haco/sys';
import {
  describeWith,
  expectNothingLeft,
  makeRootfs,
  makeTemporaryDirectory,
  readMounts,
  straceWhile,
  type TestRootfs,
} from '@haco/testkit';
import { compare, compareFailure, threads } from './fixture.js';
import { disagreement } from './disagreement.js';
import { warmUp } from '../fixture.js';
import {
  dockerMaskedPaths,
  dockerReadonlyPaths,
  haco,
  hostOverlay,
  orThrow,
  startTimeOf,
  type Builder,
} from '../index.js';

let rootfs: TestRootfs;
let directory = '';
/** Below it, namespaces are kept. */
const path = (name: string): string => join(directory, name);

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  directory = await makeTemporaryDirectory('agreement');
  mkdirSync(path('layer'));
  execFileSync('mkfifo', [path('start')]);
  const existing = haco().unshare('uts', 'ipc').persist('uts', path('joined.uts')).persist('ipc', path('joined.ipc'));
  await orThrow(existing.command('/bin/true').run());
});
afterAll(async () => {
  for (const { target } of readMounts()) if (target.startsWith(`${directory}/`)) execFileSync('umount', ['-l', target]);
  rmSync(directory, { recursive: true });
  await rootfs.remove();
});

const containers: Readonly<Record<string, () => Builder>> = {
  'nothing asked': () => haco().command('/bin/true'),
  'a name looked up in PATH': () => haco().command('true'),
  "the card's line": () => haco().name('x').unshare('pid', 'uts').chroot(rootfs.path).cpu(50),
  'every namespace but net and user, mounts, a new root': () =>
    haco()
      .name('full')
      .unshare('mount', 'uts', 'ipc', 'pid', 'cgroup', 'time')
      .chroot(rootfs.path)
      .independent('procfs', 'dev')
      .tmpfs('/tmp')
      .mount('/usr', '/mnt', { readonly: true })
      .command('/bin/true'),
  'limits of every kind': () =>
    haco().name('limits').cpu(50).memory('64MiB').pids(20).rlimit('nofile', 64).rlimit('core', 0).command('/bin/true'),
  'a user, capabilities, a working directory': () =>
    haco()
      .unshare('mount')
      .chroot(rootfs.path)
      .user(1000, 1000, [20])
      .caps('net_bind_service')
      .noNewPrivileges()
      .workdir('/tmp')
      .env({ A: '1' })
      .command('/bin/true'),
  'a policy, priorities, processors, a domain': () =>
    haco()
      .chroot(rootfs.path)
      .scheduler({ policy: 'batch', nice: 5, flags: ['reset_on_fork'] })
      .ioPriority('be', 7)
      .cpuAffinity('0')
      .personality('linux32')
      .command('/bin/true'),
  'a nice value, an idle class': () =>
    haco().scheduler({ policy: 'batch', nice: -5 }).ioPriority('idle').command('/bin/true'),
  'a user namespace with a full map': () =>
    haco().unshare('user', 'mount', 'pid').mapUsers('auto').mapGroups('auto').chroot(rootfs.path).command('/bin/true'),
  'a host name and clocks of its own': () =>
    haco().unshare('uts', 'time').hostname('h').domainname('d').timeOffsets({ boottimeMs: 1000 }).command('/bin/true'),
  'a terminal': () => haco().unshare('mount', 'pid').chroot(rootfs.path).independent('dev').tty().command('/bin/true'),
  'an init': () => haco().unshare('pid').chroot(rootfs.path).init().command('/bin/true'),
  'filters of system calls, with an init and a handler': () =>
    haco()
      .unshare('pid')
      .chroot(rootfs.path)
      .noNewPrivileges()
      .seccomp('default')
      .onSyscall('mkdir', () => 'continue')
      .init()
      .command('/bin/true'),
  'a filter that is loaded before privileges go': () =>
    haco().chroot(rootfs.path).caps('docker').user(1000).seccomp('default').command('/bin/true'),
  'a true chroot beside mounts of its own': () =>
    haco().unshare('mount').chroot(rootfs.path, { mode: 'chroot' }).tmpfs('/tmp').command('/bin/true'),
  'every filesystem of its own': () =>
    haco()
      .unshare('mount', 'pid', 'ipc', 'net', 'cgroup')
      .chroot(rootfs.path)
      .independent('procfs', 'sysfs', 'dev', 'shm', 'mqueue', 'cgroup')
      .command('/bin/true'),
  'a layer over the host, files of its network, masks': () =>
    haco()
      .unshare('mount', 'pid')
      .rootfs(hostOverlay())
      .networkEtc()
      .independent('procfs')
      .mask(...dockerMaskedPaths)
      .readonlyPaths(...dockerReadonlyPaths)
      .command('/bin/true'),
  'a namespace that is entered': () => haco().enter('uts', { pid: process.pid }).command('/bin/true'),
  'a namespace of a process that is known by its start, too': () =>
    haco()
      .enter('uts', { pid: process.pid, startTime: startTimeOf(process.pid) ?? 0 })
      .command('/bin/true'),
  'files that the output replaces': () =>
    haco()
      .chroot(rootfs.path)
      .noNewPrivileges()
      .seccomp('default')
      .stdout({ file: path('out') })
      .stderr({ file: path('err') })
      .command('true'),
  'namespaces that are entered by their files': () =>
    haco()
      .enter('uts', { path: path('joined.uts') })
      .enter('ipc', { path: path('joined.ipc') })
      .command('/bin/true'),
  // The second of the two runs finds the files of the first, and takes their place.
  'namespaces that are kept': () =>
    haco()
      .name('keeps')
      .unshare('uts', 'net', 'pid')
      .persist('uts', path('uts'))
      .persist('net', path('net'))
      .persist('pid', path('pid'))
      .pids(9)
      .command('/bin/true'),
  'a user namespace that is kept, with its map': () =>
    haco()
      .name('keeps')
      .unshare('user', 'uts')
      .mapUsers('auto')
      .mapGroups('auto')
      .persist('user', path('user'))
      .command('/bin/true'),
  'a moment that Node is asked about, by launcher and container': () =>
    haco()
      .name('hooked')
      .unshare('mount', 'pid')
      .chroot(rootfs.path)
      .hook('afterFork', () => undefined)
      .hook('afterChroot', () => undefined)
      .command('/bin/true'),
  'a layer that is kept': () =>
    haco()
      .unshare('mount', 'pid')
      .chroot(rootfs.path, { overlay: { keep: path('layer') } })
      .command('/bin/true'),
};

describeWith(['root', 'busybox', 'probe', 'strace'], 'strace agrees with explain() on', () => {
  test.each(Object.entries(containers))('%s', { timeout: 60_000 }, async (_name, make) => {
    expect((await compare(make())).parts).toBeUndefined();
  });

  test.each(Object.entries(containers))('%s, of a fork server', { timeout: 60_000 }, async (_name, make) => {
    const { parts, calls } = await compare(make(), { served: true });
    expect(calls.some(({ name }) => name === 'recvmsg')).toBe(true);
    expect(parts).toBeUndefined();
  });

  test.each([false, true])(
    'a container that is made first and started later, of a fork server: %s',
    { timeout: 60_000 },
    async (served) => {
      const builder = haco()
        .name('later')
        .unshare('mount', 'pid', 'uts')
        .chroot(rootfs.path)
        .pids(9)
        .startFifo(path('start'))
        .command('/bin/true');
      const act = async () => {
        const container = await orThrow(builder.start());
        writeFileSync(path('start'), 'x');
        return orThrow(container.wait());
      };
      expect((await compare(builder, { served, act })).parts).toBeUndefined();
    },
  );

  test(
    'and disagrees with a plan that leaves a call out, adds one, or names another path',
    { timeout: 60_000 },
    async () => {
      const { plan, calls, own } = await compare(
        haco().unshare('uts').chroot(rootfs.path).hostname('h').command('/bin/true'),
      );
      const without = { ...plan, steps: plan.steps.filter(({ id }) => id !== 'namespaces.hostname') };
      expect(disagreement(without, calls, own)).toContain('strace saw sethostname("h", 1)');
      const umask = plan.steps.find(({ id }) => id === 'process.umask');
      const more = { ...plan, steps: plan.steps.flatMap((step) => (step === umask ? [step, step] : [step])) };
      expect(disagreement(more, calls, own)).toContain('the plan says umask(022), strace saw prctl');
      const elsewhere = JSON.parse(JSON.stringify(plan).replaceAll(rootfs.path, '/other')) as typeof plan;
      expect(disagreement(elsewhere, calls, own)).toContain('the plan says openat(AT_FDCWD, "/other"');
      const changed = (from: string, to: string): typeof plan => {
        const text = JSON.stringify(plan);
        expect(text).toContain(from);
        return JSON.parse(text.replace(from, to)) as typeof plan;
      };
      const other = changed('{"flags":["022"],"value":18}', '{"flags":["023"],"value":19}');
      expect(disagreement(other, calls, own)).toContain('the plan says umask(023), strace saw umask(022)');
      const wider = changed('["CLONE_NEWUTS"]', '["CLONE_NEWUTS","CLONE_NEWIPC"]');
      expect(disagreement(wider, calls, own)).toContain(
        'a clone with CLONE_NEWIPC|CLONE_NEWUTS, strace saw CLONE_NEWUTS',
      );
      const fewer = changed('["O_PATH","O_DIRECTORY","O_CLOEXEC"]', '["O_PATH","O_CLOEXEC"]');
      expect(disagreement(fewer, calls, own)).toContain('the plan says openat(');
    },
  );

  test(
    'and disagrees with a plan that has another environment, another number in a structure, or another descriptor',
    { timeout: 60_000 },
    async () => {
      const { plan, calls, own, parts } = await compare(
        haco()
          .unshare('mount')
          .chroot(rootfs.path)
          .rlimit('nofile', 100, 200)
          .tmpfs('/tmp')
          .env({ TEXT: 'ü "\\ \n' })
          .command('/bin/true'),
      );
      expect(parts).toBeUndefined();
      const changed = (change: (operation: Operation & { op: 'syscall' }) => Operation): typeof plan => ({
        ...plan,
        steps: plan.steps.map((step) => ({
          ...step,
          operations: step.operations.map((operation) => (operation.op === 'syscall' ? change(operation) : operation)),
        })),
      });
      const env = changed((one) =>
        one.name === 'execve' ? { ...one, args: [...one.args.slice(0, 2), { strings: ['TEXT=u'] }] } : one,
      );
      expect(disagreement(env, calls, own)).toMatch(/^the container's process: the plan says execve/);
      const limits = changed((one) =>
        one.name === 'prlimit64' ? (JSON.parse(JSON.stringify(one).replaceAll(':200', ':201')) as Operation) : one,
      );
      expect(disagreement(limits, calls, own)).toMatch(/the plan says prlimit64\(.*201.*, strace saw prlimit64\(.*200/);
      const [from, to] = [{ slot: 'mounts.new' }, { slot: 'root' }];
      const other = changed((one) =>
        one.name === 'move_mount'
          ? { ...one, args: one.args.map((arg) => (JSON.stringify(arg) === JSON.stringify(from) ? to : arg)) }
          : one,
      );
      expect(disagreement(other, calls, own)).toMatch(/the plan says move_mount\(/);
    },
  );
});

/** Starts that fail, what they are made of, and the step at which they do. */
const failures: Readonly<Record<string, readonly [step: string, make: () => Builder]>> = {
  'in the launcher, when groups are made already': [
    'namespaces.enter.uts',
    () =>
      haco()
        .name('fails')
        .pids(9)
        .memory('64MiB')
        .enter('uts', { path: path('joined.ipc') })
        .command('/bin/true'),
  ],
  'while the container waits for its parent, when one of its namespaces is kept already': [
    'namespaces.persist.uts',
    () =>
      haco()
        .name('fails')
        .unshare('uts', 'net')
        .pids(9)
        .persist('net', path('given-up'))
        .persist('uts', '/nowhere/uts')
        .command('/bin/true'),
  ],
  'in the container, when a namespace is kept and groups are made': [
    'mounts.tmpfs.0',
    () =>
      haco()
        .name('fails')
        .unshare('mount', 'uts')
        .chroot(rootfs.path)
        .pids(9)
        .persist('uts', path('given-up'))
        .tmpfs('/nowhere')
        .command('/bin/true'),
  ],
  'where Node says no': [
    'hooks.afterFork',
    () =>
      haco()
        .name('fails')
        .unshare('uts')
        .pids(9)
        .persist('uts', path('given-up'))
        .hook('afterFork', () => {
          throw new Error('no');
        })
        .command('/bin/true'),
  ],
  'at the command, of a container that needs nobody': [
    'process.exec',
    () => haco().unshare('mount').chroot(rootfs.path).command('/bin/nope'),
  ],
  'at the command, with an init': [
    'process.exec',
    () => haco().name('fails').unshare('pid').chroot(rootfs.path).pids(9).init().command('/bin/nope'),
  ],
};

describeWith(['root', 'busybox', 'probe', 'strace'], 'strace agrees with explain() on a start that fails', () => {
  for (const served of [false, true]) {
    const by = served ? ', of a fork server' : '';
    test.each(Object.entries(failures))(`%s${by}`, { timeout: 60_000 }, async (_name, [step, make]) => {
      const { parts } = await expectNothingLeft(() => compareFailure(make(), step, { served }));
      expect(parts).toBeUndefined();
    });
  }

  test(
    'and disagrees when it fails elsewhere, goes well, or leaves something undone',
    { timeout: 60_000 },
    async () => {
      const base = haco().name('fails').unshare('mount', 'uts').chroot(rootfs.path);
      const elsewhere = await compareFailure(base.command('/bin/nope'), 'process.umask');
      expect(elsewhere.parts).toContain('execve("/bin/nope", ["/bin/nope"]');
      const well = await compare(base.command('/bin/true'));
      expect(disagreement(well.plan, well.calls, well.own, 'process.exec')).toBe(
        'strace saw no failure at process.exec',
      );
      const kept = base.pids(9).persist('uts', path('given-up')).command('/bin/nope');
      const { plan, calls, own } = await compareFailure(kept, 'process.exec');
      const undoes = { ...plan, steps: plan.steps.filter(({ id }) => id !== 'namespaces.unpersist.uts') };
      expect(disagreement(undoes, calls, own, 'process.exec')).toContain('strace saw fcntl');
    },
  );
});

describeWith(
  ['root', 'busybox', 'probe', 'strace', 'landlock'],
  'strace agrees with explain() under Landlock on',
  () => {
    test.each([false, true])('files and ports, of a fork server: %s', { timeout: 60_000 }, async (served) => {
      const builder = haco()
        .noNewPrivileges()
        .landlock({ read: '/', execute: '/', connect: [80] })
        .command('/bin/true');
      expect((await compare(builder, { served })).parts).toBeUndefined();
    });
  },
);

const joined: Readonly<Record<string, () => Builder>> = {
  'namespaces, groups, capabilities, a user': () =>
    haco()
      .unshare('pid', 'mount', 'uts', 'ipc', 'net', 'cgroup')
      .chroot(rootfs.path)
      .independent('procfs', 'dev')
      .memory('64MiB')
      .pids(9)
      .user(1000, 1000)
      .caps('chown')
      .noNewPrivileges()
      .scheduler({ policy: 'batch', nice: 3 })
      .execCpuAffinity({ initial: '0', final: '0' })
      .workdir('/tmp'),
  'a user namespace, and a root that was entered by chroot(2)': () =>
    haco().unshare('user', 'pid').mapUsers('auto').mapGroups('auto').chroot(rootfs.path),
};

describeWith(['root', 'busybox', 'probe', 'strace'], 'strace agrees with explain() of an exec into', () => {
  test.each(Object.entries(joined))('%s', { timeout: 60_000 }, async (_name, make) => {
    await using container = await orThrow(make().command('/bin/sleep', '60').start());
    const plan = orThrow(container.explain('/bin/true'));
    closeForkServer();
    const before = threads();
    closeForkServer();
    const { value, calls } = await straceWhile(process.pid, () => orThrow(container.exec('/bin/true')));
    closeForkServer();
    expect(value).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(disagreement(plan, calls, new Set([...before, ...threads()]))).toBeUndefined();
    // DESIGN §7.5, as the kernel saw it: out of reach before any namespace, privileges in order, the command last.
    const order = ['setns(', 'setgroups(', 'setresgid(', 'setresuid(', 'prctl(PR_CAPBSET_DROP'];
    const seen = calls.map(({ name, args }) => `${name}(${args.join(', ')}`);
    const places = order
      .map((call) => seen.findLastIndex((text) => text.startsWith(call)))
      .filter((place) => place !== -1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.length).toBeGreaterThan(2);
    const first = (call: string): number => seen.findIndex((text) => text.startsWith(call));
    expect(first('prctl(PR_SET_DUMPABLE')).toBeLessThan(first('setns('));
  });
});
