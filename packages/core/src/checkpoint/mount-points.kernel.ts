/** Mount points for CRIU: made in the root only, and refused where a link would lead it elsewhere. */
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryDirectory } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureMountPoints } from './mount-points.js';

let place: string;
let root: string;

beforeAll(async () => {
  place = await makeTemporaryDirectory('mount-points');
  root = join(place, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(place, 'outside'));
  writeFileSync(join(root, 'etc/hosts'), 'kept');
  symlinkSync(join(place, 'outside'), join(root, 'link'));
});
afterAll(async () => {
  await rm(place, { recursive: true });
});

const messageOf = (target: string, creates: boolean, directory = true): string =>
  ensureMountPoints(root, [{ target, directory }], creates).match(
    () => '',
    ({ message }) => message,
  );

test('what is missing is made when it may be, as what it is', () => {
  expect(messageOf('/a/b/file', false, false)).toContain('Could not find the mount point');
  expect(existsSync(join(root, 'a'))).toBe(false);
  expect(messageOf('/a/b/file', true, false)).toBe('');
  expect(messageOf('/a/b/directory', true)).toBe('');
  expect(messageOf('/etc/hosts', true, false)).toBe('');
  expect([statSync(join(root, 'a/b/file')).isFile(), statSync(join(root, 'a/b/directory')).isDirectory()]).toEqual([
    true,
    true,
  ]);
  expect(statSync(join(root, 'etc/hosts')).size).toBe(4);
});

test('a link on the way is refused, and nothing is made behind it', () => {
  for (const target of ['/link', '/link/below/it']) {
    expect(messageOf(target, true)).toBe(
      `Can't restore the container while /link in its root directory is a link now, on the way to the mount on ${target}; give the directory of that moment.`,
    );
  }
  expect(existsSync(join(place, 'outside/below'))).toBe(false);
});
