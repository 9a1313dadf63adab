/** A /proc or /sys of which parts are masked, as in an outer container: what check() says of it is what the kernel does. */
import { describeWith, expectNothingLeft, runCommand, nodeWith } from '@haco/testkit';
import { expect, test } from 'vitest';

/** Without the fact that check() goes by, the kernel itself answers. */
const program = `
  import { doctor, haco, realRuntime } from '@haco/core';
  import { probeHost } from '@haco/sys';
  const { covered, ...host } = probeHost();
  const answers = {};
  for (const [kind, namespace] of [['procfs', 'pid'], ['sysfs', 'net']]) {
    const of = (runtime) => haco({ runtime }).unshare('user', 'mount', namespace).chroot('/').independent(kind).command('/bin/true');
    const check = await of(realRuntime).check();
    const started = await of({ ...realRuntime, host: () => host }).run();
    answers[kind] = {
      check: check.isOk() ? check.value.problems.map(({ message }) => message) : [check.error.message],
      start: started.isOk() ? 'ok' : [started.error.syscall, started.error.errno].join(' '),
    };
  }
  const diagnosis = (await doctor()).match((found) => found, (error) => { throw error; });
  answers.doctor = diagnosis.findings.filter(({ what }) => what.includes('/proc') || what === 'user namespaces').map(({ what, ok }) => what + ' ' + ok);
  console.log(JSON.stringify(answers));
`;

interface Answers {
  readonly procfs: { readonly check: readonly string[]; readonly start: string };
  readonly sysfs: Answers['procfs'];
  readonly doctor: readonly string[];
}

/** In a mount namespace in which this script has been at work. */
async function within(script: string): Promise<Answers> {
  const shell = ['sh', '-ec', `${script}\nexec "$@"`, 'sh', ...nodeWith(program)];
  const { stdout, stderr } = await expectNothingLeft(() =>
    runCommand(['unshare', '--mount', '--propagation', 'private', ...shell], { cwd: import.meta.dirname }),
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answers;
}

const fine = { check: [], start: 'ok' };
const refused = (here: string) => ({ check: [expect.stringContaining(here) as string], start: 'fsmount EPERM' });
const onlyProc = ['user namespaces true', 'a /proc, /dev and /sys of its own false'];

describeWith(['root', 'userns', 'kernel:5.12'], 'what is covered', () => {
  test('nothing: everything is seen, and mounted', { timeout: 60_000 }, async () => {
    const answers = await within(':');
    expect(answers).toMatchObject({ procfs: fine, sysfs: fine });
  });

  test.each([
    ['a file by the null device', 'mount --bind /dev/null /proc/interrupts', '/proc/interrupts is covered here'],
    ['a directory by an empty one', 'mount -t tmpfs -o ro none /proc/fs', '/proc/fs is covered here'],
    ['a read-only part', 'mount --bind -o ro /proc/sys /proc/sys', '/proc/sys is covered here'],
    ['several', 'mount -t tmpfs none /proc/fs; mount -t tmpfs none /proc/tty', '/proc/fs and 1 more are covered here'],
  ])('of /proc, %s', { timeout: 60_000 }, async (_what, script, here) => {
    const answers = await within(script);
    expect(answers).toEqual({ procfs: refused(here), sysfs: fine, doctor: onlyProc });
  });

  test('of /sys, a directory', { timeout: 60_000 }, async () => {
    const answers = await within('mount -t tmpfs -o ro none /sys/firmware');
    expect(answers).toEqual({ procfs: fine, sysfs: refused('/sys/firmware is covered here'), doctor: onlyProc });
  });

  test('of /sys, all: it is not there', { timeout: 60_000 }, async () => {
    const answers = await within('umount -l /sys');
    expect(answers).toMatchObject({ procfs: fine, sysfs: refused('there is none here that could be shown whole') });
  });

  test.each([
    [
      'what was made to be mounted on',
      '[ ! -d /proc/sys/fs/binfmt_misc ] || mount -t tmpfs none /proc/sys/fs/binfmt_misc; mount -t tmpfs none /sys/fs/cgroup',
    ],
    [
      'what is seen elsewhere',
      'mount -t tmpfs none /proc/fs; mount -t tmpfs none /tmp; mkdir /tmp/proc; mount -t proc proc /tmp/proc',
    ],
  ])('does not count: %s', { timeout: 60_000 }, async (_what, script) => {
    expect(await within(script)).toMatchObject({ procfs: fine, sysfs: fine });
  });
});
