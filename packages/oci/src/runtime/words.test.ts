/** Signals, paths of groups and hooks as configurations and engines write them. */
import { storedHosts } from '@haco/testkit';
import { expect, test } from 'vitest';
import { defaultParent, groupPathOf } from './group-path.js';
import { withoutZeros } from './commands/update.js';
import { readHooks } from './hooks.js';
import { preservedFds } from './preserved-fds.js';
import { signalNumber } from './signals.js';

test.each([
  ['9', 9],
  ['KILL', 9],
  ['SIGKILL', 9],
  ['term', 15],
  ['0', 0],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
])('signal %s is %i', (text, number) => {
  expect(signalNumber(text)._unsafeUnwrap()).toBe(number);
});

test.each(['', 'SIG', '65', '-9', 'constructor', 'SIGRTMIN+90', '9x'])('%j is no signal', (text) => {
  expect(signalNumber(text)._unsafeUnwrapErr().message).toBe(
    `The spec is invalid: signal: ${JSON.stringify(text)} is no signal; write a number or a name of signal(7).`,
  );
});

test.each([
  ['', false, '/x'],
  ['/docker//x/', false, '/docker/x'],
  ['a/b', false, '/a/b'],
  ['system.slice:docker:1', false, '/system.slice/docker-1.scope'],
  ['a-b.slice:p:n', true, '/a.slice/a-b.slice/p-n.scope'],
  ['-.slice::n', true, '/n.scope'],
  ['', true, '/system.slice/haco-x.scope'],
])('the groups of %j (systemd: %s) are at %s', (given, systemd, path) => {
  expect(groupPathOf(given, { id: 'x', systemd, parent: '' })._unsafeUnwrap()).toBe(path);
});

test('groups without a place are below what is given to the user, and at the top for root', () => {
  const { rootless, hybrid } = storedHosts;
  const { v2 } = rootless.cgroups;
  expect(defaultParent(rootless)).toBe(v2.ownGroup);
  expect(defaultParent({ ...rootless, cgroups: { ...rootless.cgroups, v2: { ...v2, writable: false } } })).toBe('');
  expect(defaultParent(hybrid)).toBe('');
  expect(groupPathOf('', { id: 'x', systemd: false, parent: '/own' })._unsafeUnwrap()).toBe('/own/x');
  expect(groupPathOf('/a', { id: 'x', systemd: false, parent: '/own' })._unsafeUnwrap()).toBe('/a');
});

test('a 0 of an update changes nothing, but where it is a value', () => {
  const values = { cpu: { idle: 0, burst: 0 }, memory: { swappiness: 0 } };
  expect(withoutZeros(values)).toEqual(values);
  expect(withoutZeros({ memory: { limit: 5, swap: 0 }, cpu: { shares: 0 }, pids: { limit: -1 } })).toEqual({
    memory: { limit: 5 },
    cpu: {},
    pids: { limit: -1 },
  });
});

test('descriptors to hand on are numbered from 3, and must all be open', () => {
  expect(preservedFds({})._unsafeUnwrap()).toEqual([]);
  expect(preservedFds({ 'preserve-fds': '0' })._unsafeUnwrap()).toEqual([]);
  const problemOf = (given: string) => preservedFds({ 'preserve-fds': given })._unsafeUnwrapErr().message;
  for (const given of ['x', '-1', '2.5', '201']) {
    expect(problemOf(given)).toBe(
      `The spec is invalid: --preserve-fds: ${JSON.stringify(given)} is no number from 0 to 200.`,
    );
  }
  expect(problemOf('200')).toMatch(
    /^The spec is invalid: --preserve-fds: descriptor \d+ of 200 is not open; open it, or hand on fewer\.$/,
  );
});

test('a path of groups that leads up, or has the wrong form, is none', () => {
  expect(groupPathOf('/a/../b', { id: 'x', systemd: false, parent: '' })._unsafeUnwrapErr().message).toBe(
    'The spec is invalid: linux.cgroupsPath: "/a/../b" contains "..".',
  );
  expect(groupPathOf('/a', { id: 'x', systemd: true, parent: '' })._unsafeUnwrapErr().message).toBe(
    'The spec is invalid: linux.cgroupsPath: "/a" must have the form slice:prefix:name with --systemd-cgroup.',
  );
});

test('hooks are read with every problem at once', () => {
  expect(readHooks({ prestart: [{ path: '/x', timeout: 1 }], poststop: [] })._unsafeUnwrap()).toEqual({
    prestart: [{ path: '/x', timeout: 1 }],
  });
  const wrong = { prestart: [{ path: 'x' }], poststart: 5, poststop: [{ path: '/x', args: [1], timeout: -1 }] };
  expect(readHooks(wrong)._unsafeUnwrapErr().message).toBe(
    'The spec has 4 problems: hooks.prestart[0].path: must be an absolute path; hooks.poststart: must be a list; hooks.poststop[0].args: must be a list of strings; hooks.poststop[0].timeout: must be a positive number of seconds.',
  );
  for (const none of ['/bin/true', 7, [{ path: '/x' }]]) {
    expect(readHooks(none)._unsafeUnwrapErr().message).toBe('The spec is invalid: hooks: must be an object.');
  }
  expect(readHooks({ startContainer: [{ path: 'x' }] })._unsafeUnwrapErr().message).toContain(
    'must be an absolute path',
  );
});
