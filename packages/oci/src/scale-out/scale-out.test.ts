/** The files of each format, as they are written; and what is refused. */
import { describe, expect, test } from 'vitest';
import { cluster, haco, image, orThrow, type Builder } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { scaleOut, scaleOutFormats, type ScaleOutTextOptions } from '../index.js';
import { shop, web } from './scale-out-fixture.js';

const host = storedHosts.v2;
const options: ScaleOutTextOptions = { image: 'registry.example:5000/web:1', runtimeClass: 'haco', host };

describe.each(scaleOutFormats)('as %s', (format) => {
  test('a container is this text', async () => {
    const { files, notRepresented } = await orThrow(scaleOut(web(), format, options));
    expect(notRepresented).toEqual([]);
    for (const { name, text } of files) await expect(text).toMatchFileSnapshot(`golden/web.${name}.txt`);
  });

  test('a cluster is this text, without what is accepted', async () => {
    const accept = ['watch', 'dependsOn', 'control', 'network.mode', 'cluster.api.namespaces'];
    const { files, notRepresented } = await orThrow(scaleOut(shop(), format, { ...options, accept }));
    for (const { name, text } of files) await expect(text).toMatchFileSnapshot(`golden/shop.${name}.txt`);
    const told = notRepresented.map(({ path, message }) => `${path}: ${message}\n`).join('');
    await expect(told).toMatchFileSnapshot(`golden/shop.${format}.told.txt`);
  });

  test('nothing is written of something that can’t be said', async () => {
    const locked = web().landlock({ read: '/' });
    const error = (await scaleOut(locked, format, options))._unsafeUnwrapErr();
    expect(error.kind).toBe('unsupported');
    expect(error.message).toMatch(
      /^A .* can't say landlock\.\S+: engines have no word for Landlock; name this path in "accept" if that is fine\.$/,
    );
    const accepted = await orThrow(scaleOut(locked, format, { ...options, accept: ['landlock'] }));
    expect(accepted.notRepresented).toHaveLength(1);
  });
});

const refusalOf = async (builder: Builder, given: ScaleOutTextOptions = {}): Promise<string> =>
  (await scaleOut(builder, 'kube', { host, ...given }))._unsafeUnwrapErr().message;

test('several things are told at once', async () => {
  const two = web().pids(5).rlimit('nofile', 100);
  expect(await refusalOf(two, options)).toBe(
    "A manifest of Kubernetes can't say 2 things: rlimits.nofile: Kubernetes has no such limits; cgroups.pids: the number of processes is a " +
      'setting of the node (podPidsLimit); name these paths in "accept" if that is fine.',
  );
});

test('an image and a name are needed', async () => {
  expect(await refusalOf(web())).toContain('rootfs: an engine starts containers from images; name one with "image"');
  expect(await refusalOf(haco().command('x'), options)).toContain(
    'identity.name: a container of an engine needs a name',
  );
  expect(await refusalOf(web(), { image: 'a\nb' })).toContain('rootfs: "a\\nb" is no name of an image');
  expect(await refusalOf(web(), { images: { db: 'a' } })).toContain('"images" names "db"');
});

test('a root from a registry names its image itself, one of a file doesn’t', async () => {
  const rooted = (name: string): Builder =>
    haco()
      .unshare('net')
      .name('it')
      .rootfs(image(name, { target: '/srv/x' }));
  const { files } = await orThrow(scaleOut(rooted('debian:12'), 'compose', { host }));
  expect(files[0]?.text).toContain('image: "debian:12"');
  expect(await refusalOf(rooted('./web.tar'))).toContain('name one with "image"');
});

test('members have images of their own', async () => {
  const both = cluster({ a: haco().command('a'), b: haco().command('b') });
  const { files } = await orThrow(scaleOut(both, 'compose', { image: 'all:1', images: { b: 'b:1' }, host }));
  expect(files[0]?.text.match(/image: .*/g)).toEqual(['image: "all:1"', 'image: "b:1"']);
});

test('what is fine for all members is named without a member, what is fine for one with it', async () => {
  const both = cluster({ 'a.b': haco().landlock({ read: '/' }).command('a'), c: haco().landlock({ read: '/' }) });
  const kinds = async (accept: readonly string[]): Promise<readonly string[]> => {
    const written = await scaleOut(both, 'quadlet', { image: 'a:1', host, accept });
    return written.isErr() ? (written.error.message.match(/cluster\.[abc.]+\.landlock/g) ?? []) : [];
  };
  expect(await kinds(['landlock'])).toEqual([]);
  expect(await kinds(['cluster.a.b.landlock'])).toEqual(['cluster.c.landlock']);
  expect(await kinds(['cluster.a.b'])).toEqual(['cluster.c.landlock']);
});
