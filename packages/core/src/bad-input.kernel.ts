/** What goes wrong is told with the step and the remedy, as a typed error, and leaves nothing behind. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  describeWith,
  expectNothingLeft,
  hidingSyscalls,
  makeRootfs,
  runCommand,
  type HideableSyscall,
  type TestRootfs,
  nodeWith,
} from '@haco/testkit';
import { warmUp } from './fixture.js';
import { haco, orThrow, type HacoError, type ResultAsync } from './index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  writeFileSync(rootfs.inside('/bin/plain'), '#!/bin/sh\n');
  writeFileSync(rootfs.inside('/bin/orphan'), '#!/bin/gone\n');
  chmodSync(rootfs.inside('/bin/orphan'), 0o755);
  writeFileSync(rootfs.inside('/bin/text'), 'not a program');
  chmodSync(rootfs.inside('/bin/text'), 0o755);
  mkdirSync(rootfs.inside('/empty'));
});
afterAll(() => rootfs.remove());

/** Run or start it, see that nothing is left, and give the error. */
async function failure(builder: {
  readonly run: () => ResultAsync<unknown, HacoError>;
  readonly start: () => ResultAsync<unknown, HacoError>;
}): Promise<HacoError> {
  const [ran, started] = await expectNothingLeft(async () => [await builder.run(), await builder.start()] as const);
  const error = ran._unsafeUnwrapErr();
  expect(started._unsafeUnwrapErr().message).toBe(error.message);
  return error;
}

const inRoot = () => haco().name('bad').unshare('pid').chroot(rootfs.path).pids(50);

describeWith(['root', 'busybox', 'probe'], 'what is not there', () => {
  test('a missing root', async () => {
    const error = await failure(haco().name('bad').unshare('pid', 'uts').chroot('/nowhere').cpu(50));
    expect(error).toMatchObject({ kind: 'not-found', what: 'rootfs', subject: '/nowhere' });
    expect(error.message).toBe(
      'There is no rootfs "/nowhere"; could not open the root directory /nowhere: ENOENT; ' +
        'give an existing directory, or make one, e.g. with rootfs(debootstrap(…)).',
    );
    expect((await failure(haco().unshare('mount').chroot('/nowhere'))).kind).toBe('not-found');
    expect((await failure(haco().chroot('/etc/passwd'))).message).toContain('ENOTDIR; give an existing directory');
  });

  test('a missing command, by path and by name', async () => {
    expect((await failure(inRoot().command('/bin/nope'))).message).toBe(
      `There is no command "/bin/nope"; execve says ENOENT: the program below ${rootfs.path}, or the interpreter that it names, doesn't exist; give the path as seen inside, or install it there.`,
    );
    const named = await failure(inRoot().command('nope'));
    expect(named).toMatchObject({ kind: 'not-found', what: 'command', subject: 'nope' });
    expect(named.message).toBe(
      `There is no command "nope"; it is in no directory of PATH (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin) below ${rootfs.path}, or isn't executable there; give its path as seen inside, or install it there.`,
    );
    expect((await failure(inRoot().env({ PATH: '/empty' }).command('sh'))).message).toContain('of PATH (/empty)');
  });

  test('a root without a shell, and no command', async () => {
    expect((await failure(haco().chroot(rootfs.inside('/empty')))).message).toContain(
      'There is no command "/bin/bash or /bin/sh"; execve says ENOENT',
    );
  });

  test('a missing interpreter', async () => {
    expect((await failure(inRoot().command('/bin/orphan'))).message).toContain('or the interpreter that it names');
  });

  test('a command that is not executable', async () => {
    const error = await failure(inRoot().command('/bin/plain', 'x'));
    expect(error).toMatchObject({ kind: 'syscall', syscall: 'execve', errno: 'EACCES', stepId: 'process.exec' });
    expect(error.message).toBe(
      'Could not execute /bin/plain (asked by process.command): execve("/bin/plain", ["/bin/plain", "x"], []) failed with EACCES; ' +
        "the file isn't executable for this user, a directory above it can't be searched, or its mount is noexec; chmod +x it, or mount without noexec.",
    );
    expect((await failure(inRoot().command('/bin/text'))).message).toMatch(
      /^Could not execute \/bin\/text .* failed with ENOEXEC; .+\.$/,
    );
    expect((await failure(inRoot().command('/bin'))).message).toContain('EACCES');
  });

  test('a command that exits with 127 or 126 has run', async () => {
    for (const code of [127, 126, 1]) {
      const outcome = await orThrow(
        inRoot()
          .sh(`exit ${String(code)}`)
          .run(),
      );
      expect(outcome).toMatchObject({ reason: 'exited', exitCode: code });
    }
    expect(await orThrow(inRoot().sh('nope').run())).toMatchObject({ reason: 'exited', exitCode: 127 });
  });

  test('a missing working directory', async () => {
    const error = await failure(inRoot().workdir('/nope').command('true'));
    expect(error.message).toMatch(
      /^Could not change to the working directory \/nope \(asked by process\.workdir\): openat2\(.*failed with ENOENT; .*create it or correct the path\.$/,
    );
  });

  test('a missing user, namespace file, stdin file and mount source', async () => {
    expect((await failure(inRoot().user('nobody').command('true'))).message).toBe(
      'There is no user "nobody"; add it to /etc/passwd of the container, or use its number.',
    );
    expect((await failure(haco().enter('net', { path: '/run/netns/nope' }).command('true'))).message).toMatch(
      /\/run\/netns\/nope.*ENOENT; .+\.$/,
    );
    expect((await failure(haco().stdin({ file: '/nope/x' }).command('true'))).message).toBe(
      'Could not open for reading "/nope/x": ENOENT; create it, or its directory, first.',
    );
    const unmountable = inRoot().unshare('mount').mount('/nope', '/mnt').command('true');
    expect((await failure(unmountable)).message).toMatch(/^Could not open \/nope, to bind it on \/mnt.*ENOENT; .+\.$/);
    const targetless = inRoot().unshare('mount').tmpfs('/nope').command('true');
    expect((await failure(targetless)).message).toMatch(/^Could not mount a new tmpfs .*on \/nope.*ENOENT; .+\.$/);
  });

  test('a mount point below a directory that only names, and the root has not', async () => {
    const only = (...more: readonly string[]) =>
      haco()
        .unshare('mount')
        .chroot(rootfs.path, { only: ['/bin', ...more] });
    const error = await failure(only('/nope').tmpfs('/nope/x').command('true'));
    expect(error.message).toBe(
      `There is no mount point "/nope/x"; the root ${rootfs.path} has no /nope, which "only" names; ` +
        'make that directory, or leave it out of "only", then the mount point is made in memory.',
    );
    const there = await orThrow(only().tmpfs('/nope/x').command('/bin/sh', '-c', 'echo /nope/*').run());
    expect(there.stdout).toBe('/nope/x\n');
    // Where the directory is there, it is the mount point that isn't.
    const below = await failure(only().tmpfs('/bin/x').command('true'));
    expect(below.message).toMatch(/"\/bin\/x".*ENOENT; it is not there, seen from inside the root; .+\.$/);
  });

  test('a file that a controller does not have', async () => {
    const error = await failure(inRoot().cgroup('memory.nope', 1).command('true'));
    expect(error).toMatchObject({ kind: 'syscall', syscall: 'openat', errno: 'ENOENT' });
    expect(error.message).toMatch(
      /^Could not write "1" to memory\.nope of haco\/bad \(asked by cgroups\.keys\["memory\.nope"\]\): openat\(.*\) failed with ENOENT; the group has no such file: .*\.$/,
    );
  });

  test('a namespace of a process that has ended, and a file that is none', async () => {
    const ended = await failure(haco().enter('net', { pid: 4_194_000 }).command('true'));
    expect(ended.message).toBe(
      'Could not open the namespaces that the container joins (asked by namespaces.enter): openat(AT_FDCWD, "/proc/4194000/ns/net", O_RDONLY|O_CLOEXEC, 0) failed with ENOENT; ' +
        'nothing is at that path, or the process has ended, or the kernel lacks this kind of namespace; check with ls /proc/self/ns.',
    );
    const none = await failure(haco().enter('net', { path: '/etc/passwd' }).command('true'));
    expect(none.message).toMatch(
      /^Could not join the net namespace \/etc\/passwd \(asked by namespaces\.enter\[0\]\): setns\(.*\) failed with EINVAL; the file isn't a namespace of this kind, .*\.$/,
    );
  });

  test('a start fifo that is not there', async () => {
    const result = await expectNothingLeft(() => haco().startFifo('/nope/fifo').command('true').start());
    expect(result._unsafeUnwrapErr().message).toMatch(/^Could not open the start fifo \/nope\/fifo .*ENOENT; .+\.$/);
  });

  test('a descriptor that is closed', async () => {
    expect((await failure(haco().stdin({ fd: 999 }).command('true'))).message).toMatch(
      /^Could not start the launcher: .*EBADF; .*keep streams open.*\.$/,
    );
  });
});

describeWith(['root', 'busybox', 'probe'], 'what makes no sense', () => {
  test('paths with NUL that need namespaces of their own are refused, too', async () => {
    const own = inRoot().unshare('mount', 'uts');
    const cut = 'contains a NUL byte, at which the kernel would cut it; leave it out.';
    for (const [builder, place, what] of [
      [own.tmpfs('/a\0b'), 'mounts.entries[0].target', 'the path "/a'],
      [own.networkEtc('/a\0b'), 'mounts.entries[0].hostEtc', 'the path "/a'],
      [own.mask('/a\0b'), 'mounts.masked[0]', 'the path "/a'],
      [own.persist('uts', '/a\0b'), 'namespaces.persist[0].path', 'the path "/a'],
      [own.hostname('a\0b'), 'namespaces.hostname', 'the name "a'],
    ] as const) {
      const error = await failure(builder);
      expect([error.kind, error.message]).toEqual([
        'invalid-spec',
        `The spec is invalid: ${place}: ${what}\\u0000b" ${cut}`,
      ]);
    }
  });

  test('is refused before anything is made', async () => {
    const any = (verb: string, ...args: readonly unknown[]) => {
      const builder = inRoot() as unknown as Record<string, (...args: readonly unknown[]) => ReturnType<typeof haco>>;
      return failure(builder[verb]?.(...args) as ReturnType<typeof haco>);
    };
    const cases: readonly (readonly [verb: string, args: readonly unknown[], message: string])[] = [
      [
        'name',
        ['a\0b'],
        'The spec is invalid: identity.name: "a\\u0000b" is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit.',
      ],
      [
        'name',
        ['../x'],
        'The spec is invalid: identity.name: "../x" is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit.',
      ],
      [
        'name',
        ['..'],
        'The spec is invalid: identity.name: ".." is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit.',
      ],
      [
        'command',
        ['a\0b'],
        'The spec is invalid: process.command.file: the command "a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'sh',
        ['a\0b'],
        'The spec is invalid: process.command.args[1]: the argument "a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'env',
        [{ A: 'b\0' }],
        'The spec is invalid: process.env.A: the value "b\\u0000" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'stdin',
        [{ file: '/a\0b' }],
        'The spec is invalid: process.stdin.file: the file "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'stdout',
        [{ file: '/a\0b' }],
        'The spec is invalid: process.stdout.file: the file "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'startFifo',
        ['/a\0b'],
        'The spec is invalid: process.startFifo: the path "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'user',
        ['a\0b'],
        'The spec is invalid: process.user.uid: "a\\u0000b" is not a user or group name; use letters, digits, _ . - or an id.',
      ],
      [
        'cgroup',
        ['memory.max', 'a\0b'],
        'The spec is invalid: cgroups.keys["memory.max"]: "a\\u0000b" is not a value of a cgroup file; use 1 to 4000 printable ASCII characters.',
      ],
      [
        'env',
        [{ 'a\0b': 'x' }],
        'The spec is invalid: process.env: the name "a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'workdir',
        ['/a\0b'],
        'The spec is invalid: process.workdir: the path "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'stderr',
        [{ file: '/a\0b' }],
        'The spec is invalid: process.stderr.file: the file "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'command',
        [''],
        'The spec is invalid: process.command.file: the command is empty; give the path or the name of a program.',
      ],
      ['workdir', ['tmp'], 'The spec is invalid: process.workdir: "tmp" must be an absolute path.'],
      [
        'chroot',
        ['/a\0b'],
        'The spec is invalid: mounts.rootfs.path: the path "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out.',
      ],
      [
        'chroot',
        ['root'],
        'The spec is invalid: mounts.rootfs.path: "root" is not an absolute path; give the whole one, e.g. by path.resolve("root").',
      ],
      [
        'unshare',
        ['network'],
        'The spec is invalid: namespaces.unshare[1]: "network" is no kind of namespace; use mount, uts, ipc, pid, net, user, cgroup, time.',
      ],
      [
        'caps',
        ['fly'],
        'The spec is invalid: caps.keep[0]: "fly" is no capability (see capabilities(7)) and none of haconiwa, docker, all, none.',
      ],
      [
        'rlimit',
        ['files', 1],
        'The spec is invalid: rlimits: "files" is no resource limit; use one of cpu, fsize, data, stack, core, rss, nproc, nofile, memlock, as, locks, sigpending, msgqueue, nice, rtprio, rttime.',
      ],
      [
        'rlimit',
        ['nofile', -5],
        'The spec has 2 problems: rlimits.nofile.soft: -5 is not a whole, non-negative number; for no limit write "unlimited"; rlimits.nofile.hard: -5 is not a whole, non-negative number; for no limit write "unlimited".',
      ],
      [
        'cgroup',
        ['../x', 1],
        'The spec is invalid: cgroups.keys["../x"]: "../x" is not a cgroup key; write <controller>.<file>, e.g. "memory.high".',
      ],
      [
        'cgroup',
        ['memory', 1],
        'The spec is invalid: cgroups.keys["memory"]: "memory" is not a cgroup key; write <controller>.<file>, e.g. "memory.high".',
      ],
      [
        'memory',
        ['much'],
        'The spec is invalid: cgroups.memory: "much" is not a size; write a number of bytes or e.g. "256MiB", "1.5GiB", "64kB".',
      ],
      ['memory', [-1], 'The spec is invalid: cgroups.memory: -1 is not a whole, non-negative number of bytes.'],
      ['cpu', [-50], 'The spec is invalid: cgroups.cpu: -50 is not between 1 and 819200 percent of one CPU.'],
      ['cpu', [Number.NaN], 'The spec is invalid: cgroups.cpu: must be a number, in percent of one CPU.'],
      ['pids', [-1], 'The spec is invalid: cgroups.pids: -1 is not between 1 and 4194304 processes.'],
      [
        'timeout',
        ['soon'],
        'The spec is invalid: control.timeoutMs: "soon" is not a duration; write milliseconds or e.g. "500ms", "10s", "1m30s".',
      ],
      ['timeout', [-1], 'The spec is invalid: control.timeoutMs: -1 is not a non-negative number of milliseconds.'],
      ['timeout', [0], 'The spec is invalid: control.timeoutMs: must be more than 0 ms.'],
      [
        'timeout',
        ['90d'],
        'The spec is invalid: control.timeoutMs: must be less than 24 days, the longest timer of Node.',
      ],
      [
        'outputLimit',
        ['-1'],
        'The spec is invalid: control.outputLimitBytes: "-1" is not a size; write a number of bytes or e.g. "256MiB", "1.5GiB", "64kB".',
      ],
      ['tty', [{ columns: 0 }], 'The spec is invalid: process.tty.columns: must be 1 to 65535 characters.'],
      ['user', [-1], 'The spec is invalid: process.user.uid: -1 is not an id; ids are 0 to 4294967294.'],
      [
        'user',
        [4_294_967_295],
        'The spec is invalid: process.user.uid: 4294967295 is not an id; ids are 0 to 4294967294.',
      ],
      [
        'user',
        ['a:b'],
        'The spec is invalid: process.user.uid: "a:b" is not a user or group name; use letters, digits, _ . - or an id.',
      ],
      ['hostname', ['x'], 'The spec is invalid: namespaces.hostname: would rename the host; add unshare("uts").'],
      [
        'cgroupParent',
        ['../x'],
        'The spec is invalid: cgroups.parent: must be names joined by /, relative to the own group: ".." is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit.',
      ],
    ];
    for (const [verb, args, message] of cases) {
      const error = await any(verb, ...args);
      expect([error.kind, error.message]).toEqual(['invalid-spec', message]);
    }
  });
});

/** The error of a run in a process for which the kernel looks older. */
async function onOldKernel(
  hide: readonly HideableSyscall[],
  builder: string,
): Promise<{ kind: string; message: string } | { reason: string }> {
  const index = fileURLToPath(new URL('index.ts', import.meta.url));
  const script = `
    import { haco } from ${JSON.stringify(index)};
    const result = await (${builder}).run();
    console.log(JSON.stringify(result.match((outcome) => ({ reason: outcome.reason }), ({ kind, message }) => ({ kind, message }))));`;
  const line = hidingSyscalls({ hide, command: nodeWith(script) })._unsafeUnwrap();
  const { stdout, stderr } = await runCommand(line, { cwd: fileURLToPath(new URL('.', import.meta.url)) });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { kind: string; message: string };
}

describeWith(['root', 'busybox', 'probe'], 'a kernel without a feature', () => {
  const allow = 'allow it in the seccomp profile of the container around this process (an emulator may lack it, too)';

  test.each([
    ['clone3', "Could not create the container's process: Something hides clone3, which this kernel"],
    [
      'close_range',
      'Could not close every descriptor but stdin, stdout and stderr: Something hides close_range, which this kernel',
    ],
    ['pidfd_open', 'Could not end when Node ends: Something hides pidfd_open, which this kernel'],
  ] as const)('%s is told before anything is made', async (name, sentence) => {
    const error = await expectNothingLeft(() => onOldKernel([name], "haco().name('bad').pids(5).command('/bin/true')"));
    expect(error).toMatchObject({ kind: 'unsupported' });
    expect('message' in error && error.message.startsWith(sentence)).toBe(true);
    expect('message' in error && error.message.endsWith(`; ${allow}.`)).toBe(true);
  });

  test('openat2 and open_tree, by what needs them', async () => {
    const workdir = await expectNothingLeft(() => onOldKernel(['openat2'], "haco().workdir('/').command('/bin/true')"));
    expect(workdir).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('Something hides openat2') as string,
    });
    expect(await onOldKernel(['openat2'], "haco().command('/bin/true')")).toEqual({ reason: 'exited' });
    const root = JSON.stringify(rootfs.path);
    const mounts = await expectNothingLeft(() =>
      onOldKernel(['open_tree'], `haco().unshare('mount').chroot(${root}).command('/bin/true')`),
    );
    expect(mounts).toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/^Could not .*hides open_tree.*; allow it .*, or use a chroot/) as string,
    });
    expect(await onOldKernel(['open_tree'], `haco().chroot(${root}).command('/bin/true')`)).toEqual({
      reason: 'exited',
    });
    const readonly = `haco().unshare('mount').chroot(${root}, { readonly: true }).command('/bin/true')`;
    expect(await expectNothingLeft(() => onOldKernel(['mount_setattr'], readonly))).toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/^Could not .*hides mount_setattr.*; allow it .*, or use chroot/) as string,
    });
    const writable = `haco().unshare('mount').chroot(${root}).command('/bin/true')`;
    expect(await onOldKernel(['mount_setattr'], writable)).toEqual({ reason: 'exited' });
  });
});
