import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { makeTemporaryDirectory } from '@haco/testkit';
import { outputOf, startNode } from './fixtures/node-program.js';

const homes: string[] = [];
let home: string;
let file: string;
let directory: string;

beforeEach(async () => {
  home = await makeTemporaryDirectory('code-cache');
  homes.push(home);
  file = join(home, 'program.cjs');
  directory = join(home, 'above', 'code');
});
afterAll(() => homes.forEach((path) => rmSync(path, { recursive: true })));

const program = (answer: string) =>
  writeFileSync(file, `function answer() { return '${answer}'; }\nmodule.exports = answer();\n`);
const call = () => outputOf(startNode('./compiled.ts', file, directory));
const kept = () => readdirSync(directory).map((name) => ({ name, inode: statSync(join(directory, name)).ino }));

test('a program is loaded with the code that the last call has compiled', async () => {
  program('one');
  expect(await call()).toBe('one\n');
  const [first] = kept();
  expect(first?.name).toMatch(/^test-v\d+\.\d+\.\d+-\d+-\d+-\d+$/);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(await call()).toBe('one\n');
  expect(kept()).toEqual([first]);
});

test('another build of the same length is another program, and takes the place of the code of the first', async () => {
  program('one');
  await call();
  const [first] = kept();
  program('two');
  expect(await call()).toBe('two\n');
  const after = kept();
  expect(after).toHaveLength(1);
  expect(after[0]?.name).not.toBe(first?.name);
});

test('code that V8 can’t read is replaced', async () => {
  program('one');
  await call();
  const [first] = kept();
  const path = join(directory, first?.name ?? '');
  writeFileSync(path, 'no code');
  expect(await call()).toBe('one\n');
  expect(readFileSync(path).length).toBeGreaterThan(100);
});

test('where others can write, nothing is kept and nothing believed', async () => {
  program('one');
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o777);
  expect(await call()).toBe('one\n');
  expect(kept()).toEqual([]);
});

test('where nothing can be kept, it is loaded all the same', async () => {
  program('one');
  writeFileSync(join(home, 'above'), '');
  expect(await call()).toBe('one\n');
  expect(existsSync(directory)).toBe(false);
});
