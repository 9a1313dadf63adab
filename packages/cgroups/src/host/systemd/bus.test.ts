/** The bus is found where it is, also for users whose login didn't say so. */
import { expect, test } from 'vitest';
import { busEnvironment } from './bus.js';

const nowhere = (): boolean => false;

test('root talks to the system, whatever the environment is', () => {
  expect(busEnvironment(0, {}, nowhere)._unsafeUnwrap()).toEqual({});
});

test('an address that is given is used', () => {
  const environment = { DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=x' };
  expect(busEnvironment(1000, environment, nowhere)._unsafeUnwrap()).toBe(environment);
});

test("the user's socket is found without variables, as after su", () => {
  const found = busEnvironment(1000, { PATH: '/bin' }, (path) => path === '/run/user/1000/bus')._unsafeUnwrap();
  expect(found).toEqual({
    PATH: '/bin',
    XDG_RUNTIME_DIR: '/run/user/1000',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
  });
});

test('who has no bus is told how to get one', () => {
  expect(busEnvironment(1000, { XDG_RUNTIME_DIR: '/tmp/none' }, nowhere)._unsafeUnwrapErr().message).toBe(
    'This host has no session bus of this user, which driver: \'systemd\' needs (there is no socket /tmp/none/bus); log in as that user, or let root say "loginctl enable-linger" for it and install dbus-user-session.',
  );
});
