/** Flags of `checkpoint` and `restore`: what CRIU is told, and what is refused. */
import { expect, test } from 'vitest';
import { parseCommandLine } from './command-line.js';
import { commands } from './commands/index.js';
import { readCriuFlags } from './criu-flags.js';
import { helpOf } from './help.js';

const read = (line: string) => readCriuFlags(parseCommandLine(line.split(' '), commands)._unsafeUnwrap().options);
const refused = (line: string): string => read(line)._unsafeUnwrapErr().message;

test('flags as runc and engines write them', () => {
  expect(read('checkpoint x')._unsafeUnwrap()).toEqual({ imagePath: 'checkpoint', tcpEstablished: false, args: [] });
  const line =
    'checkpoint --image-path=/i --work-path /w --leave-running --tcp-established --ext-unix-sk --shell-job --file-locks ' +
    '--pre-dump --parent-path ../p --auto-dedup --status-fd -1 --manage-cgroups-mode ignore --empty-ns network x';
  expect(read(line)._unsafeUnwrap()).toEqual({
    imagePath: '/i',
    workPath: '/w',
    tcpEstablished: true,
    args: ['--ext-unix-sk', '--shell-job', '--auto-dedup'],
  });
  const restore =
    'restore -d -b /b --pid-file /p --no-pivot --no-subreaper --lsm-profile apparmor:x --lsm-mount-context c x';
  expect(read(restore)._unsafeUnwrap().args).toEqual(['--lsm-profile', 'apparmor:x', '--lsm-mount-context', 'c']);
});

test('what CRIU is not told is refused, not passed over', () => {
  const pages = (flag: string): string =>
    `haco-oci has no --${flag}: pages are written to files, and read from there at once; leave it out.`;
  expect(refused('checkpoint --lazy-pages x')).toBe(pages('lazy-pages'));
  expect(refused('checkpoint --page-server a:1 x')).toBe(pages('page-server'));
  expect(refused('checkpoint --status-fd 5 x')).toBe(pages('status-fd'));
  expect(refused('restore --lazy-pages x')).toBe(pages('lazy-pages'));
  expect(refused('restore --manage-cgroups-mode full x')).toBe(
    'The spec is invalid: --manage-cgroups-mode: "full" is no mode of haco-oci: the groups are made as the configuration says, and CRIU leaves them alone; use "ignore", or leave it out.',
  );
  expect(refused('checkpoint --empty-ns ipc x')).toBe(
    'The spec is invalid: --empty-ns: "ipc" can\'t be made empty, only "network"; leave it out.',
  );
  expect(parseCommandLine(['checkpoint', '--action-script', '/s', 'x'], commands)._unsafeUnwrapErr().message).toContain(
    'there is no flag "--action-script"',
  );
});

test('the help of both names every flag', () => {
  for (const command of ['checkpoint', 'restore'] as const) {
    const help = helpOf(command, commands);
    for (const flag of Object.keys(commands[command].flags)) expect(help).toContain(`--${flag}`);
  }
});
