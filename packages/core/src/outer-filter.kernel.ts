/** haco below a seccomp filter of somebody else, as in an outer container: it works, or says which call is refused, and leaves nothing. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  describeWith,
  expectNothingLeft,
  hidingSyscalls,
  runCommand,
  type HideableSyscall,
  nodeWith,
} from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { warmUp } from './fixture.js';
import { haco, orThrow, type Builder, type SeccompProfile } from './index.js';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const index = JSON.stringify(source('index.ts'));
const cwd = source('.');

interface Told {
  readonly kind: string;
  readonly message: string;
}

/** Prints how a run ends. */
const running = (builder: string): string => `
  import { haco, sandbox } from ${index};
  const result = await (${builder}).command('/bin/true').run();
  console.log(JSON.stringify(result.match(({ reason, exitCode }) => ({ kind: reason, message: String(exitCode) }), ({ kind, message }) => ({ kind, message }))));`;

const everything = "sandbox().tty().sessionKeyring().init().hostname('x').file('/tmp/x', 'y').pids(5)";

async function below(hide: HideableSyscall, errno: 'EPERM' | 'ENOSYS'): Promise<Told> {
  const line = hidingSyscalls({ hide: [hide], errno, command: nodeWith(running(everything)) })._unsafeUnwrap();
  const { stdout, stderr } = await runCommand(line, { cwd });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Told;
}

/** What a start can't do without, and filters like to refuse; Node itself doesn't start without eventfd2, fcntl and threads. */
const needed: readonly HideableSyscall[] = [
  ...(['capset', 'faccessat2', 'fsconfig', 'fsmount', 'fsopen', 'keyctl'] as const),
  ...(['memfd_create', 'mount', 'mount_setattr', 'move_mount', 'open_tree', 'openat2', 'pidfd_open'] as const),
  ...(['pivot_root', 'seccomp', 'setgroups', 'sethostname', 'setresuid', 'umount2', 'unshare'] as const),
];
/** Calls of the launcher that are in no plan: it ends without a word. */
const ofTheLauncher: readonly HideableSyscall[] = ['dup3', 'prctl'];

async function saysThatRefused(name: HideableSyscall): Promise<void> {
  const { kind, message } = await expectNothingLeft(() => below(name, 'EPERM'));
  expect(kind).toMatch(/^(syscall|unsupported)$/);
  expect(message).toMatch(new RegExp(`\\b${name}\\b`));
  expect(message).toMatch(/seccomp (filter|profile)/);
}

async function saysThatHidden(name: HideableSyscall): Promise<void> {
  const { message } = await expectNothingLeft(() => below(name, 'ENOSYS'));
  expect(message).toMatch(new RegExp(`\\b${name}\\b`));
  expect(message).toMatch(/seccomp (filter|profile)/);
}

describeWith(['root', 'seccomp', 'landlock'], 'below a filter that refuses landlock_restrict_self', () => {
  beforeAll(warmUp);
  test('a start says so', { timeout: 60_000 }, () => saysThatRefused('landlock_restrict_self'));
  test('as if it were not there, a start says so', { timeout: 60_000 }, () => saysThatHidden('landlock_restrict_self'));
});

describeWith(['root', 'seccomp'], 'below a filter that refuses', () => {
  beforeAll(warmUp);

  test.each(needed)('%s, a start says so', { timeout: 60_000 }, saysThatRefused);

  test.each(['clone3', 'seccomp'] as const)(
    '%s as if it were not there, a start says so',
    { timeout: 60_000 },
    saysThatHidden,
  );

  test.each(ofTheLauncher)('%s, the launcher ends, and what it calls is named', { timeout: 60_000 }, async (name) => {
    const { kind, message } = await expectNothingLeft(() => below(name, 'EPERM'));
    expect(kind).toBe('syscall');
    expect(message).toMatch(
      new RegExp(`ECANCELED.*seccomp filter.*refuses one of the launcher's calls \\(.*\\b${name}\\b`),
    );
  });

  test.each(['setns', 'epoll_pwait2'] as const)(
    '%s, which it can do without, it starts',
    { timeout: 60_000 },
    async (name) => {
      expect(await expectNothingLeft(() => below(name, 'EPERM'))).toEqual({ kind: 'exited', message: '0' });
    },
  );

  test('nothing, the same starts: what the others say comes of the filter', { timeout: 60_000 }, async () => {
    const { stdout } = await runCommand(nodeWith(running(everything)), { cwd });
    expect(JSON.parse(stdout)).toEqual({ kind: 'exited', message: '0' });
  });
});

describeWith(['root', 'seccomp'], "in a container with Docker's default profile", () => {
  beforeAll(warmUp);
  const profile = source('../../confine/src/seccomp/fixtures/docker-default.json');

  async function inside(outer: Builder, builder: string): Promise<Told> {
    const [file = '', ...args] = nodeWith(running(builder));
    const variables = { PATH: process.env['PATH'] ?? '', HOME: '/root' };
    const { stdout, stderr } = await orThrow(
      outer
        .workdir(cwd)
        .env(variables)
        .command(file, ...args)
        .run(),
    );
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Told;
  }

  test.each(['haco()', "haco().unshare('user', 'mount')", 'sandbox()'])(
    '%s names clone3, which the profile hides',
    { timeout: 60_000 },
    async (builder) => {
      const docker = haco().seccomp(profile).caps('docker');
      const { kind, message } = await expectNothingLeft(() => inside(docker, builder));
      expect(kind).toBe('unsupported');
      expect(message).toContain('Something hides clone3, which this kernel');
      expect(message).toContain('allow it in the seccomp profile of the container around this process');
    },
  );

  test(
    'with --cap-add SYS_ADMIN all starts but what enters a root: pivot_root is refused, and told',
    { timeout: 60_000 },
    async () => {
      const docker = haco().seccomp(profile).caps('docker', 'sys_admin');
      const started = { kind: 'exited', message: '0' };
      expect(await inside(docker, 'haco()')).toEqual(started);
      expect(await inside(docker, "haco().unshare('user', 'mount').tmpfs('/mnt')")).toEqual(started);
      expect((await inside(docker, 'sandbox()')).message).toMatch(
        /pivot_root\(".", "."\) failed with EPERM; .*; or the seccomp filter that this process lives under \(that of an outer container, perhaps\) refuses pivot_root: allow it there\.$/,
      );
      const theirs = JSON.parse(readFileSync(profile, 'utf8')) as Required<SeccompProfile>;
      const allowed = {
        ...theirs,
        syscalls: [...theirs.syscalls, { names: ['pivot_root'], action: 'SCMP_ACT_ALLOW' as const }],
      };
      const mended = haco().seccomp(allowed).caps('docker', 'sys_admin');
      expect(await inside(mended, 'sandbox()')).toEqual(started);
    },
  );
});
