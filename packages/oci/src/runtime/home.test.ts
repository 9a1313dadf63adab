/** HOME by the users of a root, who may have written anything there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withHome } from './home.js';

let root = '';
let passwd = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haco-test-home-'));
  mkdirSync(join(root, 'etc'));
  passwd = join(root, 'etc/passwd');
});
afterEach(() => rmSync(root, { recursive: true }));

const homeOf = (uid: number): unknown => withHome({ env: ['A=b'], user: { uid } }, root);

test('is that of the first user with the number', () => {
  writeFileSync(
    passwd,
    'root:x:0:0::/root:/bin/sh\nweb:x:33:33::/var/www:\nother:x:33:33::/other:\nbad:x:5:5::relative:\n',
  );
  expect(homeOf(0)).toEqual({ env: ['A=b', 'HOME=/root'], user: { uid: 0 } });
  expect(homeOf(33)).toMatchObject({ env: ['A=b', 'HOME=/var/www'] });
  for (const uid of [5, 6]) expect(homeOf(uid)).toMatchObject({ env: ['A=b', 'HOME=/'] });
});

test('that the configuration says stays', () => {
  const given = { env: ['HOME=/here'], user: { uid: 0 } };
  expect(withHome(given, root)).toBe(given);
});

test('is the root where there are no users, or something else in their place', () => {
  const slash = { env: ['A=b', 'HOME=/'] };
  expect(homeOf(0)).toMatchObject(slash);
  mkdirSync(passwd);
  expect(homeOf(0)).toMatchObject(slash);
  rmSync(passwd, { recursive: true });
  spawnSync('mkfifo', [passwd]);
  expect(homeOf(0)).toMatchObject(slash);
  rmSync(passwd);
  symlinkSync('/etc/passwd', passwd);
  expect(homeOf(0)).toMatchObject(slash);
  rmSync(passwd);
  writeFileSync(passwd, 'root:x:0:0::/root:/bin/sh\n');
  truncateSync(passwd, 2 ** 40);
  expect(homeOf(0)).toMatchObject(slash);
});
