/** What is known about a root lies beside the directory, by whatever name that is called. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRecord, writeRecord } from './record.js';

let box: string;
let root: string;
beforeEach(() => {
  box = mkdtempSync(join(tmpdir(), 'haco-test-record-'));
  root = join(box, 'there', 'root');
  mkdirSync(root, { recursive: true });
  symlinkSync(root, join(box, 'link'));
});
afterEach(() => rmSync(box, { recursive: true }));

it.each([
  ['its path', () => root],
  ['its path with a slash at the end', () => `${root}/`],
  ['a path with dots', () => `${root}/../root/.`],
  ['a link', () => join(box, 'link')],
])('%s', async (_what, name) => {
  await writeRecord(name(), { provisioned: { tools: 'abc' } });
  expect(readdirSync(join(box, 'there')).sort()).toEqual(['root', 'root.haco.json']);
  expect(readdirSync(root)).toEqual([]);
  for (const other of [root, `${root}/`, join(box, 'link')])
    expect(await readRecord(other)).toEqual({ provisioned: { tools: 'abc' } });
});

it('nothing is known about a directory that took its place', async () => {
  await writeRecord(root, { provisioned: { tools: 'abc' } });
  rmSync(root, { recursive: true });
  expect(await readRecord(`${root}/`)).toEqual({});
  mkdirSync(root);
  expect(await readRecord(`${root}/`)).toEqual({});
});
