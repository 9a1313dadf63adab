/** What plain JavaScript gives to public functions is told as an error when it makes no sense, whatever it is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cluster, haco, realRuntime, type HacoError } from '@haco/core';
import { fromBundle, fromConfig, scaleOut, toCompose, toConfig, toKube, toQuadlet, writeBundle } from './index.js';

type Loose = (...args: readonly unknown[]) => {
  match: (ok: () => string, err: (error: HacoError) => string) => string | Promise<string>;
};
const said = async (call: unknown, ...args: readonly unknown[]) =>
  (call as Loose)(...args).match(
    () => 'fine',
    ({ kind, message }) => `${kind}: ${message}`,
  );
const builder = haco().name('web').command('true');

it.each<[unknown, readonly unknown[], string]>([
  [toConfig, [{}], 'is invalid: builder: must be a builder (haco()…), not an object.'],
  [toConfig, [cluster({ a: builder })], 'is invalid: builder: must be a builder (haco()…), not an object.'],
  [toConfig, [builder, null], 'is invalid: options: must be an object, not null.'],
  [toKube, [], 'is invalid: described: must be a builder (haco()…) or a cluster, not undefined.'],
  [
    toKube,
    [7, { image: 1, images: { a: 2 }, runtimeClass: [] }],
    'has 4 problems: described: must be a builder (haco()…) or a cluster, not 7; options.image: must be a text, not 1; ' +
      'options.images.a: must be a text, not 2; options.runtimeClass: must be a text, not a list.',
  ],
  [scaleOut, [builder, 'kube', { accept: 'all' }], 'is invalid: options.accept: must be a list, not "all".'],
  [fromBundle, [1, 2], 'has 2 problems: directory: must be a text, not 1; options: must be an object, not 2.'],
  [fromConfig, [{}, { accept: [1] }], 'is invalid: options.accept[0]: must be a text, not 1.'],
  [writeBundle, [builder, null, {}], 'is invalid: directory: must be a text, not null.'],
])('%o of %j', async (call, args, message) => {
  expect(await said(call, ...args)).toBe(`invalid-spec: The spec ${message}`);
});

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constant(builder),
  fc.dictionary(
    fc.constantFrom('image', 'images', 'host', 'accept', 'bundle', 'stubs', 'runtimeClass'),
    fc.jsonValue(),
  ),
);

it('no JSON makes any of them throw', async () => {
  await fc.assert(
    fc.asyncProperty(anything, anything, async (first, second) => {
      for (const call of [toConfig, toKube, toCompose, toQuadlet, fromBundle, fromConfig])
        expect(await said(call, first, second)).toMatch(/^(fine|[a-z-]+: .)/s);
      for (const format of ['kube', first])
        expect(await said(scaleOut, builder, format, second)).toMatch(/^(fine|[a-z-]+: .)/s);
      expect(await said(writeBundle, first, '/proc/nowhere', second)).toMatch(/^[a-z-]+: ./s);
    }),
    { numRuns: 200 },
  );
});

it('nor do facts of a host of which one says something else', () => {
  const host = JSON.parse(JSON.stringify(realRuntime.host())) as Record<string, unknown>;
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(host)), fc.jsonValue(), (key, value) => {
      for (const convert of [toConfig, toKube]) {
        const wrong = convert(builder, { image: 'x', host: { ...host, [key]: value } as never });
        if (wrong.isErr()) expect(wrong.error.kind).toBe('invalid-spec');
      }
    }),
  );
});
