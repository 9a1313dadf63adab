/** Where state is kept: said by an option, the environment, or the system; nobody else may write there. */
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { findStateDirectory, makeStateDirectory, stateDirectory } from './root.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function environment(uid: number, variables: Readonly<Record<string, string | undefined>> = {}): void {
  vi.spyOn(process as { geteuid: () => number }, 'geteuid').mockReturnValue(uid);
  vi.stubEnv('HACO_STATE_DIR', variables['HACO_STATE_DIR']);
  vi.stubEnv('XDG_RUNTIME_DIR', variables['XDG_RUNTIME_DIR']);
}

test('root keeps it in /run, a user in the directory that the session made', () => {
  environment(0, { XDG_RUNTIME_DIR: '/run/user/0' });
  expect(stateDirectory({})._unsafeUnwrap()).toBe('/run/haco');
  environment(1000, { XDG_RUNTIME_DIR: '/run/user/1000' });
  expect(stateDirectory({})._unsafeUnwrap()).toBe('/run/user/1000/haco');
});

test('the option comes before the environment, that before the system', () => {
  environment(0, { HACO_STATE_DIR: '/srv/state/' });
  expect(stateDirectory({})._unsafeUnwrap()).toBe('/srv/state');
  expect(stateDirectory({ stateDir: '/srv/other' })._unsafeUnwrap()).toBe('/srv/other');
});

test('a user without a session is told what to set', () => {
  environment(1000);
  const error = stateDirectory({})._unsafeUnwrapErr();
  expect(error.kind).toBe('not-found');
  expect(error.message).toBe(
    'There is no directory for the state of containers "$XDG_RUNTIME_DIR/haco"; XDG_RUNTIME_DIR is not set; log in by way of systemd-logind, or set HACO_STATE_DIR to a private directory.',
  );
});

test('a relative path is refused: it would mean another place in each process', () => {
  expect(stateDirectory({ stateDir: 'state' })._unsafeUnwrapErr().message).toBe(
    'The spec is invalid: stateDir: "state" is not an absolute path; begin it with /.',
  );
});

test('it is made private, and one that others may enter is refused', () => {
  const base = mkdtempSync(join(tmpdir(), 'haco-test-state-'));
  try {
    const path = join(base, 'new');
    expect(findStateDirectory({ stateDir: path })._unsafeUnwrap()).toBeUndefined();
    expect(makeStateDirectory({ stateDir: path })._unsafeUnwrap()).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o750);
    expect(makeStateDirectory({ stateDir: path })._unsafeUnwrapErr().message).toBe(
      `Not allowed to keep state in ${path}: other users may enter it (mode 750); say "chmod 700 ${path}".`,
    );
    const link = join(base, 'link');
    symlinkSync('/', link);
    expect(makeStateDirectory({ stateDir: link })._unsafeUnwrapErr().message).toBe(
      `Could not keep state in "${link}": ENOTDIR; give the path of a directory.`,
    );
  } finally {
    rmSync(base, { recursive: true });
  }
});
