/** Bundles are written whole, over nothing, and not without a word about what is missing. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fn, haco, orThrow } from '@haco/core';
import { makeTemporaryDirectory, storedHosts } from '@haco/testkit';
import { configText, fromBundle, toConfig, writeBundle } from './index.js';

const host = storedHosts.v2;
let directory: string;
let root: string;
beforeEach(async () => {
  directory = await makeTemporaryDirectory('bundle');
  root = join(directory, 'root');
  await mkdir(root);
});
afterEach(() => rm(directory, { recursive: true }));

const withoutRoot = () => haco().unshare('mount', 'pid').independent('procfs', 'dev').command('/bin/true');
const plain = () => withoutRoot().chroot(root);

test('a bundle is a directory with a config.json, which is read again', async () => {
  const bundle = join(directory, 'new', 'bundle');
  const written = orThrow(await writeBundle(plain(), bundle, { host }));
  expect(written).toEqual(orThrow(toConfig(plain(), { host })));
  expect(await readdir(bundle)).toEqual(['config.json']);
  expect(await readFile(join(bundle, 'config.json'), 'utf8')).toBe(configText(written.config));
  const again = orThrow(await fromBundle(bundle));
  expect(orThrow(toConfig(again, { host })).config).toEqual(written.config);
});

test('what somebody has written stays', async () => {
  const file = join(directory, 'config.json');
  await writeFile(file, 'mine');
  const { kind, message } = (await writeBundle(plain(), directory, { host }))._unsafeUnwrapErr();
  expect(kind).toBe('conflict');
  expect(message).toBe(`The bundle "${file}" is already in use; remove it first, or give another directory.`);
  expect(await readFile(file, 'utf8')).toBe('mine');
});

test('what a configuration can not say is an error, unless it is accepted', async () => {
  const builder = plain().timeout('1s').landlock({ read: '/' });
  const { message } = (await writeBundle(builder, directory, { host, accept: ['control'] }))._unsafeUnwrapErr();
  expect(message).toBe(
    'The spec is invalid: landlock.read[0]: the specification has no word for Landlock; name this path in "accept" if that is fine.',
  );
  expect(await readdir(directory)).toEqual(['root']);
  const accept = ['control.timeoutMs', 'landlock'];
  const { notRepresented } = orThrow(await writeBundle(builder, directory, { host, accept }));
  expect(notRepresented.map(({ path }) => path)).toEqual(['landlock.read[0]', 'control.timeoutMs']);
});

test('a root must be there; how it was made is no question any more', async () => {
  const nowhere = join(directory, 'nowhere');
  const missing = (await writeBundle(plain().chroot(nowhere), directory, { host }))._unsafeUnwrapErr();
  expect(missing.kind).toBe('not-found');
  expect(missing.message).toBe(
    `There is no rootfs "${nowhere}"; a bundle refers to a directory that is there; create() makes the one of rootfs().`,
  );
  const made = withoutRoot().rootfs(fn(() => undefined, { target: root }));
  expect(orThrow(await writeBundle(made, directory, { host })).config.root).toEqual({ path: root });
});

test('where nothing can be written, the error says so', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  const { kind, message } = (await writeBundle(plain(), join(file, 'bundle'), { host }))._unsafeUnwrapErr();
  expect(kind).toBe('io');
  expect(message).toBe(
    `Could not write the bundle "${file}/bundle": ENOTDIR; give a directory that this process can write to.`,
  );
});

test('options that can not be read are an error, and nothing is written', async () => {
  const hostile = Object.defineProperty({}, 'accept', {
    enumerable: true,
    get: () => {
      throw new Error('no');
    },
  });
  expect((await writeBundle(plain(), directory, hostile))._unsafeUnwrapErr().kind).toBe('invalid-spec');
  expect(await readdir(directory)).toEqual(['root']);
});
