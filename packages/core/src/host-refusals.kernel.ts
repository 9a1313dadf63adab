/** What a host refuses, by the mechanisms that refuse it: made in namespaces of the test, never on the host. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeWith, expectNothingLeft, nodeWith } from '@haco/testkit';
import { expect, test } from 'vitest';

const sdk = JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)));
const problems = `
  import { haco, orThrow } from ${sdk};
  const { problems } = await orThrow(haco().unshare('user').command('/bin/true').check());
  console.log(problems.map(({ kind, message }) => kind + ': ' + message).join());`;
/** A program that starts a container, and says what it prints, or why it doesn't. */
const starting = (builder: string): string => `
  import { haco } from ${sdk};
  const result = await ${builder}.command('/bin/echo', 'started').run();
  console.log(result.isOk() ? result.value.stdout : result.error.kind + ': ' + result.error.message);`;
const output = starting("haco().unshare('pid', 'mount')");

/** What a program prints after `prepare`, in user, mount and pid namespaces of its own. */
async function told(program: string, prepare: string): Promise<string> {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const script = `${prepare} && exec "$@"`;
  const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc'];
  const args = [...namespaces, 'sh', '-c', script, 'sh', ...nodeWith(program)];
  const { stdout, stderr } = await expectNothingLeft(() =>
    Promise.resolve(spawnSync('unshare', args, { cwd, encoding: 'utf8' })),
  );
  expect(stderr).toBe('');
  return stdout.trim();
}

describeWith(['root'], 'root without capabilities, as in an outer container', () => {
  test('is told which one is missing, and not to become root', async () => {
    const program = `
      import { haco } from ${sdk};
      for (const builder of [haco().unshare('pid'), haco().chroot('/tmp'), haco().user(5, 5), haco().caps('chown')]) {
        const result = await builder.command('/bin/true').run();
        console.log(result.isOk() ? 'started' : result.error.message);
      }`;
    const sets = ['--bounding-set', '-all', '--inh-caps', '-all'];
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await expectNothingLeft(() =>
      Promise.resolve(spawnSync('setpriv', [...sets, ...nodeWith(program)], { cwd, encoding: 'utf8' })),
    );
    const back = (flags: string): string => `give it back what it was made without, as "docker run ${flags}" does.`;
    expect(stdout.trim().split('\n')).toEqual([
      `Could not create the container's process in a new pid namespace: Creating pid namespaces needs CAP_SYS_ADMIN, which this root lacks; add unshare("user"), or ${back('--cap-add SYS_ADMIN')}`,
      expect.stringContaining(
        `Changing the root needs CAP_SYS_CHROOT, which this root lacks; add unshare("user"), or ${back('--cap-add SYS_CHROOT')}`,
      ),
      expect.stringContaining(
        `Another user than the caller needs CAP_SETUID and CAP_SETGID, which this root lacks; add unshare("user") with a map that has it, or ${back('--cap-add SETUID --cap-add SETGID')}`,
      ),
      expect.stringContaining(
        `caps() keeps chown, which this process doesn't hold itself; add unshare("user") to have all of them inside, or ${back('--cap-add CHOWN')}`,
      ),
    ]);
  });
});

const limit = '/proc/sys/user/max_user_namespaces';

describeWith(['root', 'userns'], 'user namespaces', () => {
  test('that are switched off are told so, with the switch', async () => {
    const before = readFileSync(limit, 'utf8');
    expect(await told(problems, `echo 0 >${limit}`)).toBe(
      'permission: User namespaces are switched off here; allow them with "sysctl -w user.max_user_namespaces=15000".',
    );
    expect(await told(starting("haco().unshare('user')"), `echo 0 >${limit}`)).toBe(
      'permission: Could not create the container\'s process in a new user namespace: User namespaces are switched off here; allow them with "sysctl -w user.max_user_namespaces=15000".',
    );
    // The limit is that of the namespace in which it was written.
    expect(readFileSync(limit, 'utf8')).toBe(before);
  });

  test('whose switch is hidden, as by an outer container, are not', async () => {
    expect(await told(problems, 'mount -t tmpfs none /proc/sys/user')).toBe('');
  });
});

describeWith(['root', 'userns'], 'a plain chroot, whose root is no mount point', () => {
  test('is told apart from other mounts that fail', async () => {
    const prepare = [
      'mount -t tmpfs none /mnt && mkdir /mnt/root',
      'for entry in /*; do case $entry in /mnt) ;; *) if [ -L $entry ]; then cp -P $entry /mnt/root; elif [ -d $entry ]; then mkdir /mnt/root$entry && mount --rbind $entry /mnt/root$entry; fi ;; esac; done',
      'set -- chroot /mnt/root env --chdir="$PWD" "$@"',
    ].join(' && ');
    expect(await told(output, prepare)).toBe(
      'syscall: Could not make all mounts of the new mount namespace private (asked by namespaces.unshare): mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL) failed with EINVAL; the root directory of this process is no mount point, as in a plain chroot; bind mount that root onto itself before it is entered, or do without a mount namespace.',
    );
  });
});

describeWith(['root', 'userns', 'kernel:6.3'], 'memory files that may not be executed (vm.memfd_noexec=2)', () => {
  const forbid = 'echo 2 >/proc/sys/vm/memfd_noexec';

  test('leave the launcher a private file, in the first directory that takes it', async () => {
    // As Debian mounts it.
    expect(await told(output, `${forbid} && mount -t tmpfs -o noexec none /run`)).toBe('started');
  });

  test.each([
    ['', 'unset XDG_RUNTIME_DIR'],
    [', also where XDG_RUNTIME_DIR is empty', 'export XDG_RUNTIME_DIR='],
    [', also where XDG_RUNTIME_DIR is relative', 'export XDG_RUNTIME_DIR=.'],
  ])('and directories that are all mounted noexec are named, with the remedy%s', async (_what, runtime) => {
    const everywhere = `mount -t tmpfs -o noexec none /run && mkdir /run/t && ${runtime} && export TMPDIR=/run/t`;
    expect(await told(output, `${forbid} && ${everywhere}`)).toBe(
      'io: Could not store the launcher in "/run, /run/t"; memory files may not be executed here (sysctl vm.memfd_noexec) and no directory takes it: /run: it is mounted noexec, /run/t: it is mounted noexec; set XDG_RUNTIME_DIR to a writable directory that is not mounted noexec.',
    );
  });

  test('is a setting of the pid namespace: this one runs them still', () => {
    expect(readFileSync('/proc/sys/vm/memfd_noexec', 'utf8').trim()).not.toBe('2');
  });
});
