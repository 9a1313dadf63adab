import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryDirectory } from '@haco/testkit';
import { inPrivateDirectory, userCache } from './private-directory.js';

let home: string;
beforeAll(async () => {
  home = await makeTemporaryDirectory('private');
});
afterAll(() => rmSync(home, { recursive: true }));

describe('a private directory', () => {
  it('is made, with what is above it, for this user alone', () => {
    const path = join(home, 'a/b');
    expect(inPrivateDirectory(path, (own) => writeFileSync(`${own}/c`, 'd'))).toBeUndefined();
    expect(readFileSync(join(path, 'c'), 'utf8')).toBe('d');
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(inPrivateDirectory(path, (own) => readdirSync(own))).toEqual(['c']);
  });

  it('is none when others can write to it, when it is a link, and when it is a file', () => {
    const open = join(home, 'open');
    mkdirSync(open);
    chmodSync(open, 0o720);
    const link = join(home, 'link');
    mkdirSync(join(home, 'real'), { mode: 0o700 });
    symlinkSync('real', link);
    const file = join(home, 'file');
    writeFileSync(file, '');
    for (const path of [open, link, file]) expect(inPrivateDirectory(path, () => true)).toBeUndefined();
  });

  it('leaves no descriptor, also when its use throws', () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const before = count();
    inPrivateDirectory(home, () => {
      throw new Error('full');
    });
    inPrivateDirectory(home, () => true);
    expect(count()).toBe(before);
  });
});

it('what can be made again lies in the user’s cache, as the environment has it', () => {
  expect(userCache({ XDG_CACHE_HOME: '/x' })).toBe('/x/haco');
  for (const env of [{}, { XDG_CACHE_HOME: '' }, { XDG_CACHE_HOME: 'x' }]) {
    expect(userCache(env)).toBe(join(homedir(), '.cache/haco'));
  }
});
