/** Filters on the real kernel: what programs get, what is foreseen, and that Docker's profile means what it means elsewhere. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { haco, orThrow, type Builder, type Outcome } from '@haco/core';
import {
  describeWith,
  expectNothingLeft,
  makeRootfs,
  makeTemporaryDirectory,
  readSyscalls,
  runCommand,
  syscallsPath,
  type TestRootfs,
  nodeWith,
} from '@haco/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type capabilityNames } from '@haco/plan';
import type { SeccompCondition, SeccompProfile } from './profile.js';

const docker = JSON.parse(
  readFileSync(new URL('fixtures/docker-default.json', import.meta.url), 'utf8'),
) as SeccompProfile;

/** What Docker leaves to a container. */
const dockerCaps = [
  'audit_write', 'chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'mknod', 'net_bind_service', 'net_raw', 'setfcap', 'setgid',
  'setpcap', 'setuid', 'sys_chroot',
]; // prettier-ignore

describeWith(['root', 'probe', 'busybox', 'seccomp'], 'seccomp', () => {
  let rootfs: TestRootfs;
  let base: Builder;

  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    copyFileSync(syscallsPath(), rootfs.inside('/bin/syscalls'));
    // The first start opens what the SDK keeps.
    await orThrow(haco().command('true').run());
    base = haco().unshare('pid', 'mount', 'ipc', 'uts').chroot(rootfs.path).independent('procfs');
  });
  afterAll(() => rootfs.remove());

  async function run(builder: Builder): Promise<Outcome> {
    return expectNothingLeft(() => orThrow(builder.run()));
  }

  /** What becomes of system calls, by name. */
  async function table(builder: Builder, ...names: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const { stdout, stderr, reason } = await run(builder.command('/bin/syscalls', ...names));
    expect([stderr, reason]).toEqual(['', 'exited']);
    return readSyscalls(stdout);
  }

  describe('the profile default', () => {
    const dangerous = [
      'mount', 'umount2', 'pivot_root', 'chroot', 'setns', 'unshare-user', 'unshare-time', 'clone-user', 'open_tree', 'move_mount',
      'fsopen', 'mount_setattr', 'bpf', 'init_module', 'kexec_load', 'reboot', 'perf_event_open', 'ptrace', 'process_vm_readv',
      'process_vm_writev', 'pidfd_getfd', 'add_key', 'request_key', 'keyctl', 'io_uring_setup', 'userfaultfd', 'open_by_handle_at',
      'name_to_handle_at', 'fanotify_init', 'clock_settime', 'syslog', 'swapon', 'acct', 'ioctl-tiocsti', 'ioctl-tiocsti-high',
      'ioctl-tioclinux', 'ioctl-tioclinux-high',
    ]; // prettier-ignore
    const unfiltered = ['unshare-user', 'keyctl', 'ioctl-tiocsti', 'ioctl-tiocsti-high', 'ptrace', 'bpf'];

    test('what it refuses is there without it', async () => {
      const without = await table(base, ...unfiltered);
      expect(Object.values(without)).not.toContain('EPERM');
    });

    test('refuses what is dangerous with EPERM, whatever the high bits of an ioctl are', async () => {
      const answers = await table(base.noNewPrivileges().seccomp('default'), ...dangerous);
      expect(answers).toEqual(Object.fromEntries(dangerous.map((name) => [name, 'EPERM'])));
    });

    test('lets happen what programs need', async () => {
      const answers = await table(base.noNewPrivileges().seccomp('default'), 'getpid', 'ioctl-fionread', 'socket-unix', 'socket-netlink', 'unshare-files', 'clone-none', 'memfd_create', 'seccomp', 'personality-get'); // prettier-ignore
      expect(answers).toEqual({
        getpid: 'ok',
        'ioctl-fionread': 'EBADF',
        'socket-unix': 'ok',
        'socket-netlink': 'ok',
        'unshare-files': 'ok',
        'clone-none': 'EINVAL',
        memfd_create: 'EFAULT',
        seccomp: 'EINVAL',
        'personality-get': 'ok',
      });
    });

    test('answers what it does not know, and clone3, as an older kernel would', async () => {
      const answers = await table(
        base.noNewPrivileges().seccomp('default'),
        'number-600',
        'clone3',
        'socket-vsock',
        'socket-alg',
      );
      expect(answers).toEqual({
        'number-600': 'ENOSYS',
        clone3: 'ENOSYS',
        'socket-vsock': 'EAFNOSUPPORT',
        'socket-alg': 'EAFNOSUPPORT',
      });
    });

    test.runIf(process.arch === 'x64')('ends what comes by the tables of other architectures', async () => {
      const entered = (await table(base, 'i386-getpid'))['i386-getpid'] === 'ok';
      if (!entered) process.stderr.write('left out: this kernel has no table of i386 (User Mode Linux has none)\n');
      const calls = [...(entered ? ['i386-getpid', 'i386-mount'] : []), 'x32-getpid', 'x32-mount'];
      expect(Object.values(await table(base.noNewPrivileges().seccomp('default'), ...calls))).toEqual(
        calls.map(() => 'signal 31'),
      );
    });

    test('Node runs in it, with threads, timers and children', async () => {
      const script = `
        const { execFileSync } = require('node:child_process');
        const { createHash, pbkdf2 } = require('node:crypto');
        pbkdf2('a', 'b', 1000, 8, 'sha256', () => setTimeout(() => console.log(execFileSync('/bin/echo', ['well']).toString()), 5));`;
      const { stdout, stderr } = await run(
        haco().noNewPrivileges().seccomp('default').command(process.execPath, '-e', script),
      );
      expect([stdout.trim(), stderr]).toEqual(['well', '']);
    });
  });

  describe('an end by a filter', () => {
    const killing = (action: 'SCMP_ACT_KILL_PROCESS' | 'SCMP_ACT_TRAP'): SeccompProfile => ({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action }],
    });

    test.each(['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP'] as const)('%s is an outcome of its own', async (action) => {
      const { reason, signal, exitCode } = await run(
        haco().rlimit('core', 0).noNewPrivileges().seccomp(killing(action)).command('mkdir', '/tmp/haco-never'),
      );
      expect([reason, signal, exitCode]).toEqual(['seccomp', 'SIGSYS', null]);
    });

    test('also of a child of a shell', async () => {
      const { reason, exitCode } = await run(
        base.rlimit('core', 0).noNewPrivileges().seccomp(killing('SCMP_ACT_KILL_PROCESS')).sh('/bin/mkdir /x; exit $?'),
      );
      expect([reason, exitCode]).toEqual(['seccomp', 159]);
    });

    test('the same signal of somebody else is not', async () => {
      const container = await orThrow(
        haco().rlimit('core', 0).noNewPrivileges().seccomp('default').command('sleep', '60').start(),
      );
      orThrow(container.kill('SIGSYS'));
      expect((await orThrow(container.wait())).reason).toBe('signaled');
    });
  });

  describe('what the launcher would not survive is foreseen', () => {
    const nothing: SeccompProfile = {
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    };

    async function refusal(builder: Builder): Promise<string> {
      const [ran, report] = await expectNothingLeft(
        async () => [await builder.run(), await orThrow(builder.check())] as const,
      );
      const error = ran._unsafeUnwrapErr();
      expect(error.kind).toBe('permission');
      expect(report.ok).toBe(false);
      return error.message;
    }

    test('a profile that kills execve', async () => {
      expect(
        await refusal(
          haco()
            .noNewPrivileges()
            .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['execve'], action: 'SCMP_ACT_KILL' }] })
            .command('true'),
        ),
      ).toBe(
        'Could not execute true: The filter of "filter system calls by a profile of its own" ends the process at execve, which haco itself needs before the command runs; allow execve in the profile.',
      );
    });

    test('a profile that refuses it', async () => {
      expect(
        await refusal(
          haco()
            .noNewPrivileges()
            .seccomp({
              defaultAction: 'SCMP_ACT_ALLOW',
              syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
            })
            .command('/bin/true'),
        ),
      ).toContain('answers EACCES to execve');
    });

    test('one that kills everything, and one that a second filter can not be loaded after', async () => {
      expect(await refusal(haco().noNewPrivileges().seccomp(nothing).command('true'))).toContain(
        'ends the process at clock_gettime',
      );
      const once: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['seccomp'], action: 'SCMP_ACT_ERRNO' }],
      };
      expect(await refusal(haco().noNewPrivileges().seccomp(once).seccomp('default').command('true'))).toContain(
        'answers EPERM to seccomp',
      );
    });

    test('one that what gives up privileges would not pass', async () => {
      const strict: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['capset'], action: 'SCMP_ACT_ERRNO' }],
      };
      expect(await refusal(haco().caps('none').seccomp(strict).command('true'))).toContain('answers EPERM to capset');
      expect((await run(haco().caps('none').noNewPrivileges().seccomp(strict).command('true'))).exitCode).toBe(0);
    });

    test('a profile that allows just what it takes runs', async () => {
      const least: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['execve', 'clock_gettime', 'exit_group', 'write', 'brk', 'mmap', 'mprotect', 'arch_prctl', 'fork', 'clone', 'wait4', 'set_tid_address', 'set_robust_list', 'rseq', 'prlimit64', 'readlink', 'readlinkat', 'getrandom', 'newfstatat', 'fstat', 'setrlimit', 'getpid', 'gettid', 'writev', 'ioctl', 'munmap', 'rt_sigprocmask', 'rt_sigaction'], action: 'SCMP_ACT_ALLOW' }],
      }; // prettier-ignore
      expect(await table(base.noNewPrivileges().seccomp(least), 'getpid', 'mount')).toEqual({
        getpid: 'ok',
        mount: 'EPERM',
      });
    });
  });

  test('without libseccomp, the error names the package; the preset does not need it', async () => {
    const script = `
      import { haco } from '@haco/core';
      const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] };
      const filtered = await haco().noNewPrivileges().seccomp(profile).command('true').run();
      console.log(filtered.isErr() && filtered.error.kind, filtered.isErr() && filtered.error.message);
      console.log((await haco().noNewPrivileges().seccomp('default').command('true').run()).isOk());
      const asking = await haco().noNewPrivileges().onSyscall('mkdir', () => 'continue').command('true').explain();
      console.log(asking.isOk());`;
    const hide =
      'for lib in $(ldconfig -p | sed -n "s/.*libseccomp.so.2.* => //p"); do mount --bind /dev/null "$lib"; done; exec "$@"';
    const { stdout } = await runCommand(
      ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh', ...nodeWith(script)],
      {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
      },
    );
    expect(stdout.trim().split('\n')).toEqual([
      'unsupported This host has no libseccomp.so.2, which seccomp() needs (libseccomp 2.5); install it with "apt-get install libseccomp2" (on Alpine: "apk add libseccomp").',
      'true',
      'true',
    ]);
  });

  test('filters add up', async () => {
    const two = base
      .noNewPrivileges()
      .seccomp('default')
      .seccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
      });
    expect(await table(two, 'socket-unix', 'mount', 'getpid')).toEqual({
      'socket-unix': 'EACCES',
      mount: 'EPERM',
      getpid: 'ok',
    });
  });

  test('an init is under the filter, too', async () => {
    const { stdout } = await run(
      base.noNewPrivileges().seccomp('default').init().sh('grep Seccomp: /proc/1/status /proc/$$/status'),
    );
    expect(stdout.match(/Seccomp:\t2/g)).toHaveLength(2);
  });

  describe('a profile in a file', () => {
    test('is read at each start', async () => {
      const directory = await makeTemporaryDirectory('profile');
      const file = join(directory, 'profile.json');
      const builder = base.noNewPrivileges().seccomp(file);
      const write = (errnoRet: number) =>
        writeFileSync(
          file,
          JSON.stringify({
            defaultAction: 'SCMP_ACT_ALLOW',
            syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet }],
          }),
        );
      write(13);
      expect(await table(builder, 'mount')).toEqual({ mount: 'EACCES' });
      write(38);
      expect(await table(builder, 'mount')).toEqual({ mount: 'ENOSYS' });
      writeFileSync(file, '{');
      expect((await builder.run())._unsafeUnwrapErr().message).toMatch(
        /^The spec is invalid: .*profile\.json: is no JSON: /,
      );
      writeFileSync(file, '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["x"],"action":"SCMP_ACT_LOG"}]}');
      expect((await builder.run())._unsafeUnwrapErr().message).toBe(
        `The spec is invalid: ${file}: syscalls[0].names[0]: "x" is no system call; see syscalls(2).`,
      );
      await runCommand(['rm', '-r', directory]);
    });

    test('that is missing', async () => {
      const error = (await haco().seccomp('/nowhere/profile.json').command('true').run())._unsafeUnwrapErr();
      expect([error.kind, error.message]).toEqual([
        'not-found',
        'There is no seccomp profile "/nowhere/profile.json"; give the path of a JSON file on the host.',
      ]);
    });
  });

  describe("Docker's profile and capabilities mean what they mean elsewhere", () => {
    /** The configuration of a container as Docker writes it for OCI runtimes: conditions decided. */
    function bundle(noNewPrivileges: boolean): string {
      const capabilities = dockerCaps.map((name) => `CAP_${name.toUpperCase()}`);
      const go = process.arch === 'arm64' ? 'arm64' : 'amd64';
      const meets = ({ caps = [], arches = [] }: SeccompCondition) =>
        caps.every((name) => capabilities.includes(name)) && (arches.length === 0 || arches.includes(go));
      const hit = ({ caps = [], arches = [] }: SeccompCondition) =>
        caps.some((name) => capabilities.includes(name)) || arches.includes(go);
      const syscalls = (docker.syscalls ?? [])
        .filter(({ includes = {}, excludes = {} }) => meets(includes) && !hit(excludes))
        .map(({ includes: _includes, excludes: _excludes, comment: _comment, ...rule }) => rule);
      const native = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64';
      const others = docker.archMap?.find(({ architecture }) => architecture === native)?.subArchitectures ?? [];
      const directory = join(rootfs.path, 'bundle');
      mkdirSync(directory, { recursive: true });
      const config = {
        ociVersion: '1.0.2',
        process: {
          user: { uid: 0, gid: 0 },
          args: ['/bin/syscalls'],
          env: [],
          cwd: '/',
          capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
          noNewPrivileges,
        },
        root: { path: rootfs.path },
        mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
        linux: {
          namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
          seccomp: { defaultAction: docker.defaultAction, architectures: [native, ...others], syscalls },
        },
      };
      writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
      return directory;
    }

    /** Cgroups are not what is compared, and crun knows none of hybrid hosts: it gets a mount namespace without them. */
    async function foreign(runtime: string, noNewPrivileges: boolean): Promise<Readonly<Record<string, string>>> {
      const directory = bundle(noNewPrivileges);
      const name = `haco-test-${runtime}-${String(process.pid)}`;
      const command =
        runtime === 'crun'
          ? [
              'unshare',
              '--mount',
              '--propagation',
              'private',
              'sh',
              '-c',
              `mount -t tmpfs none /sys/fs/cgroup && exec crun --cgroup-manager=disabled run -b ${directory} ${name}`,
            ]
          : [runtime, 'run', '-b', directory, name];
      const { stdout, stderr, exitCode } = await runCommand(command);
      expect([stderr, exitCode]).toEqual(['', 0]);
      return readSyscalls(stdout);
    }

    const own = (noNewPrivileges: boolean): Builder =>
      base
        .caps(...(dockerCaps as [(typeof capabilityNames)[number]]))
        .seccomp(docker)
        .when(noNewPrivileges, (builder) => builder.noNewPrivileges());

    describe.each([true, false])('with no_new_privs %s', (noNewPrivileges) => {
      describeWith(['tool:runc'], 'runc', () => {
        test('answers every call alike', async () => {
          const answers = await table(own(noNewPrivileges));
          expect(Object.keys(answers).length).toBeGreaterThan(90);
          expect(answers).toEqual(await foreign('runc', noNewPrivileges));
        });
      });

      describeWith(['tool:crun'], 'crun', () => {
        test('answers every call alike, but those that are newer than the profile', async () => {
          // As runc does, haco answers ENOSYS there, so that programs fall back; crun gives the default answer of the profile.
          const newer = ['number-460', 'number-600', 'number-negative'];
          const [ours, theirs] = [
            { ...(await table(own(noNewPrivileges))) },
            { ...(await foreign('crun', noNewPrivileges)) },
          ];
          for (const name of newer) {
            expect([ours[name], theirs[name]]).toEqual(['ENOSYS', 'EPERM']);
            delete ours[name];
            delete theirs[name];
          }
          expect(ours).toEqual(theirs);
        });
      });
    });
  });
});
