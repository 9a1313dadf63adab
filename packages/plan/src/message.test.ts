/** The sentence of every error kind, in full: messages are part of the API. */
import { describe, expect, test } from 'vitest';
import {
  ConflictError,
  HookError,
  InvalidSpecError,
  IoError,
  NotFoundError,
  PermissionError,
  StateError,
  SyscallError,
  TimeoutError,
  ToolError,
  UnsupportedError,
  type HacoError,
} from './errors.js';
import { quote } from './message.js';

const call = {
  call: 'mount("proc", "/proc")',
  syscall: 'mount',
  errno: 'EPERM',
  hint: 'it needs CAP_SYS_ADMIN; run it as root',
};
const found = { what: 'command', subject: 'ls', remedy: 'install it' };
const tool = { command: ['newuidmap', '7', '0'], package: 'uidmap' };

const sentences: readonly (readonly [HacoError, HacoError['kind'], string])[] = [
  [
    new InvalidSpecError({ issues: [{ path: 'process.workdir', message: 'must be a string' }] }),
    'invalid-spec',
    'The spec is invalid: process.workdir: must be a string.',
  ],
  [
    new InvalidSpecError({
      issues: [
        { path: 'a', message: 'is one' },
        { path: '', message: 'two' },
      ],
    }),
    'invalid-spec',
    'The spec has 2 problems: a: is one; two.',
  ],
  [
    new SyscallError({ ...call, step: 'mount a new procfs on /proc', from: 'mounts.entries[0]' }),
    'syscall',
    'Could not mount a new procfs on /proc (asked by mounts.entries[0]): mount("proc", "/proc") failed with EPERM; it needs CAP_SYS_ADMIN; run it as root.',
  ],
  [
    new SyscallError({ ...call, step: 'mount a procfs' }),
    'syscall',
    'Could not mount a procfs: mount("proc", "/proc") failed with EPERM; it needs CAP_SYS_ADMIN; run it as root.',
  ],
  [
    new UnsupportedError({
      feature: 'clone3',
      neededFor: 'every start',
      since: 'Linux 5.3',
      remedy: 'use a newer kernel',
    }),
    'unsupported',
    'This host has no clone3, which every start needs (Linux 5.3); use a newer kernel.',
  ],
  [
    new UnsupportedError({
      feature: 'x',
      neededFor: '',
      since: '',
      remedy: '',
      sentence: 'Could not y: no x here; use z.',
    }),
    'unsupported',
    'Could not y: no x here; use z.',
  ],
  [
    new PermissionError({ what: 'map ids', missing: 'no subuid range', remedy: 'run "usermod --add-subuids …"' }),
    'permission',
    'Not allowed to map ids: no subuid range; run "usermod --add-subuids …".',
  ],
  [
    new ToolError({ ...tool, exitCode: null, stderr: '' }),
    'tool',
    'Could not start "newuidmap": the program isn\'t installed; install it with "apt-get install uidmap".',
  ],
  [
    new ToolError({ ...tool, exitCode: 1, stderr: 'newuidmap: not allowed\n' }),
    'tool',
    'The command "newuidmap 7 0" exited with code 1; its last words: newuidmap: not allowed.',
  ],
  [
    new ToolError({ ...tool, exitCode: 2, stderr: '' }),
    'tool',
    'The command "newuidmap 7 0" exited with code 2; it printed no error.',
  ],
  [
    new ToolError({ ...tool, exitCode: null, stderr: 'half a line' }),
    'tool',
    'The command "newuidmap 7 0" was ended by a signal; its last words: half a line.',
  ],
  [new NotFoundError(found), 'not-found', 'There is no command "ls"; install it.'],
  [new ConflictError(found), 'conflict', 'The command "ls" is already in use; install it.'],
  [
    new TimeoutError({ what: 'the download', timeoutMs: 1500 }),
    'timeout',
    'Waited 1500 ms for the download and gave up; allow more time or look why it hangs.',
  ],
  [
    new StateError({ what: 'resize it', state: 'it is stopped', remedy: 'start it first' }),
    'state',
    "Can't resize it while it is stopped; start it first.",
  ],
  [
    new IoError({ what: 'write', path: '/tmp/x', errno: 'ENOSPC', hint: 'the disk is full' }),
    'io',
    'Could not write "/tmp/x": ENOSPC; the disk is full.',
  ],
  [
    new IoError({ what: 'read', path: '/x', errno: '', hint: 'it is no file' }),
    'io',
    'Could not read "/x"; it is no file.',
  ],
  [
    new HookError({ hook: 'created', cause: new Error('no') }),
    'hook',
    'The created hook failed: no; mend the hook or remove it.',
  ],
  [new HookError({ hook: 'created', cause: 7 }), 'hook', 'The created hook failed: 7; mend the hook or remove it.'],
];

describe('every error', () => {
  test.each(sentences.map(([error, kind, sentence]) => [sentence, kind, error] as const))(
    '%s',
    (sentence, kind, error) => {
      expect(error.message).toBe(sentence);
      expect(error.kind).toBe(kind);
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toBe(`${error.name}: ${sentence}`);
      expect(error.name).toBe(error.constructor.name);
      expect(error.cleanup).toEqual([]);
    },
  );

  test('has a case in this list', () => {
    const kinds = [
      'invalid-spec',
      'syscall',
      'unsupported',
      'permission',
      'tool',
      'not-found',
      'conflict',
      'timeout',
      'state',
      'io',
      'hook',
    ];
    expect(new Set(sentences.map(([, kind]) => kind))).toEqual(new Set(kinds));
  });

  test('of a hook keeps what was thrown as its cause', () => {
    const cause = new Error('no');
    expect(new HookError({ hook: 'created', cause }).cause).toBe(cause);
  });
});

describe('quote', () => {
  test('shows control characters and cuts what is long', () => {
    expect(quote('a\n\u001b[31m')).toBe('"a\\n\\u001b[31m"');
    expect(quote('x'.repeat(300))).toBe(`"${'x'.repeat(200)}…"`);
  });
});
