/** Every kind of error arrives with its kind, its fields and its sentence. */
import { expect, test } from 'vitest';
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
} from '@haco/plan';
import { errorFromJson, errorToJson } from './error-json.js';

const through = (error: HacoError): HacoError => errorFromJson(JSON.parse(JSON.stringify(errorToJson(error))));

test.each<HacoError>([
  new InvalidSpecError({ issues: [{ path: 'identity.name', message: 'is no name' }] }),
  new SyscallError({ step: 'mount', call: 'mount()', syscall: 'mount', errno: 'EPERM', hint: 'be root' }),
  new UnsupportedError({ feature: 'x', neededFor: 'y', since: 'Linux 5.2', remedy: 'update it' }),
  new UnsupportedError({ feature: 'x', neededFor: 'y', since: '', remedy: '', sentence: 'Of another making.' }),
  new PermissionError({ what: 'do it', missing: 'root', remedy: 'use sudo' }),
  new ToolError({ command: ['tar', 'x'], exitCode: 2, stderr: 'broken', package: 'tar' }),
  new NotFoundError({ what: 'command', subject: 'nope', remedy: 'install it' }),
  new ConflictError({ what: 'container name', subject: 'web', remedy: 'stop it' }),
  new TimeoutError({ what: 'the end', timeoutMs: 5 }),
  new StateError({ what: 'kill it', state: 'it is stopped', remedy: 'start it' }),
  new IoError({ what: 'read', path: '/x', errno: 'ENOENT', hint: 'make it' }),
])('$kind', (error) => {
  const arrived = through(error);
  expect(arrived).toBeInstanceOf(error.constructor);
  expect(arrived.message).toBe(error.message);
  expect({ ...arrived }).toEqual({ ...error });
});

test('of a hook, the cause arrives as what it said', () => {
  const arrived = through(new HookError({ hook: 'setup', cause: new Error('no disk') }));
  expect(arrived.message).toBe('The setup hook failed: no disk; mend the hook or remove it.');
});

test('what was found while cleaning up arrives, too', () => {
  const error = new StateError({ what: 'a', state: 'b', remedy: 'c' });
  error.cleanup = [new TimeoutError({ what: 'd', timeoutMs: 1 })];
  expect(through(error).cleanup.map(({ kind }) => kind)).toEqual(['timeout']);
});
