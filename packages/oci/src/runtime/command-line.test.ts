/** Command lines as engines write them. */
import { expect, test } from 'vitest';
import { commands } from './commands/index.js';
import { parseCommandLine } from './command-line.js';

const parse = (line: string) => parseCommandLine(line === '' ? [] : line.split(' '), commands);
const problem = (line: string): string => parse(line)._unsafeUnwrapErr().message;

test('global flags, a command, its flags, and the rest', () => {
  const line = '--root /r --log=/l --log-format json --systemd-cgroup create --bundle /b --pid-file=/p --no-pivot x';
  expect(parse(line)._unsafeUnwrap()).toEqual({
    global: {
      root: '/r',
      log: '/l',
      logFormat: 'json',
      cgroupManager: 'systemd',
      debug: false,
      version: false,
      help: false,
    },
    command: 'create',
    options: { bundle: '/b', 'pid-file': '/p', 'no-pivot': true },
    rest: ['x'],
  });
});

test('crun is told by another flag who manages cgroups', () => {
  expect(parse('--cgroup-manager disabled state x')._unsafeUnwrap().global.cgroupManager).toBe('disabled');
  expect(parse('--cgroup-manager=systemd state x')._unsafeUnwrap().global.cgroupManager).toBe('systemd');
  expect(parse('state x')._unsafeUnwrap().global.cgroupManager).toBe('cgroupfs');
  expect(problem('--cgroup-manager nobody state x')).toBe(
    'The command line is invalid: "nobody" manages no cgroups, only cgroupfs, systemd, disabled do; see haco-oci --help.',
  );
});

test('flags end with the first other word: what follows is the command inside', () => {
  expect(parse('exec -e A=1 --env B=2 -t x sh -c id')._unsafeUnwrap()).toMatchObject({
    options: { env: ['A=1', 'B=2'], tty: true },
    rest: ['x', 'sh', '-c', 'id'],
  });
  expect(parse('kill --all=false x 9')._unsafeUnwrap()).toMatchObject({ options: {}, rest: ['x', '9'] });
  expect(parse('delete -- -x')._unsafeUnwrap()).toMatchObject({ rest: ['-x'] });
});

test('what makes no sense is told, and logged where the command line says', () => {
  expect(problem('--bogus state x')).toBe(
    'The command line is invalid: there is no flag "--bogus"; see haco-oci --help.',
  );
  expect(problem('frob')).toBe('The command line is invalid: there is no command "frob"; see haco-oci --help.');
  expect(problem('constructor')).toBe(
    'The command line is invalid: there is no command "constructor"; see haco-oci --help.',
  );
  expect(problem('state')).toBe('The command line is invalid: state takes <container-id>; see haco-oci --help.');
  expect(problem('create --bundle')).toBe(
    'The command line is invalid: "--bundle" needs a value; see haco-oci --help.',
  );
  expect(problem('--log-format xml state x')).toBe(
    'The command line is invalid: "xml" is no format of a log, only text and json; see haco-oci --help.',
  );
  expect(problem('kill --all=perhaps x')).toBe(
    'The command line is invalid: "--all=perhaps" is neither true nor false; see haco-oci --help.',
  );
  expect(parse('--log /l --log-format json frob')._unsafeUnwrapErr().log).toEqual({ log: '/l', logFormat: 'json' });
});
