/** What plain JavaScript gives to public functions is told as an error when it makes no sense, whatever it is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachTo, cluster, haco, hostFactsShape, loadDefinition, misfits } from './index.js';
import { realRuntime } from './runtime.js';

type Loose = (...args: readonly unknown[]) => { match: (ok: () => string, err: (error: Error) => string) => unknown };
const said = async (call: unknown, ...args: readonly unknown[]) =>
  (call as Loose)(...args).match(
    () => 'fine',
    (error) => `${(error as { kind?: string }).kind ?? ''}: ${error.message}`,
  );
const containersOf = (...args: readonly unknown[]) =>
  (cluster as (...args: readonly unknown[]) => ReturnType<typeof cluster>)(...args).containers();

it.each<[unknown, readonly unknown[], string]>([
  [containersOf, [], 'is invalid: cluster: must be an object, not undefined.'],
  [containersOf, [[haco()]], 'is invalid: cluster: must be an object, not a list.'],
  [containersOf, [{ a: haco() }, null], 'is invalid: cluster.options: must be an object, not null.'],
  [
    containersOf,
    [
      { a: null, b: { builder: haco(), count: '2', dependsOn: 'a', share: { net: 1 } } },
      { name: 5, base: {} },
    ],
    'has 6 problems: cluster.base: must be a builder (haco()…); ' +
      'cluster.name: 5 is not a name; use 1 to 63 of A-Z a-z 0-9 _ . - and begin with a letter or digit; ' +
      'cluster.a.builder: must be a builder (haco()…), or give one; cluster.b.count: must be a number, not "2"; ' +
      'cluster.b.dependsOn: must be a list, not "a"; cluster.b.share.net: must be a text, not 1.',
  ],
  [attachTo, [], 'is invalid: must be an object, not undefined.'],
  [
    attachTo,
    [
      { pid: '1', startTime: {}, degrade: ['nothing'] },
      { parts: 1, runtime: {} },
    ],
    'has 5 problems: pid: must be a number, not "1"; startTime: must be a number, not an object; ' +
      'degrade[0]: must be one of "seccomp", "label", not "nothing"; options.parts: must be a list, not 1; ' +
      'options.runtime.host: must be a function, not undefined.',
  ],
  [
    attachTo,
    [{ name: 1, stateDir: 2 }],
    'has 2 problems: name: must be a text, not 1; stateDir: must be a text, not 2.',
  ],
  [
    loadDefinition,
    [1, { args: 'x' }],
    'has 2 problems: path: must be a text, not 1; options.args: must be a list, not "x".',
  ],
  [loadDefinition, ['x.ts', null], 'is invalid: options: must be an object, not null.'],
])('%o of %j', async (call, args, message) => {
  expect(await said(call, ...args)).toBe(`invalid-spec: The spec ${message}`);
});

it('what can’t be read is no exception either', async () => {
  const trap = Object.defineProperty({}, 'name', {
    enumerable: true,
    get: () => {
      throw new Error('a trap');
    },
  });
  const circle: Record<string, unknown> = {};
  circle['pid'] = circle;
  for (const value of [trap, circle]) {
    for (const call of [containersOf, attachTo])
      expect(await said(call, value)).toMatch(/^invalid-spec: .*can't be read/);
  }
  expect(await said(attachTo, { pid: process.pid, spec: { big: 1n } })).toMatch(/^invalid-spec: /);
});

it('options don’t change which file a definition is', async () => {
  expect(await said(loadDefinition, '/nowhere.ts', { path: '/other.ts' })).toContain('"/nowhere.ts"');
});

it('use() of a cluster that makes no sense says what is wrong with it', () => {
  const wrong = cluster({ a: null, b: haco() } as never).use((builder) => builder.name('x'));
  expect(wrong.containers()._unsafeUnwrapErr().message).toContain('cluster.a.builder: must be a builder');
  expect(
    cluster(7 as never)
      .use((builder) => builder)
      .containers()
      .isErr(),
  ).toBe(true);
});

const names = [
  'name',
  'pid',
  'startTime',
  'spec',
  'degrade',
  'parts',
  'runtime',
  'builder',
  'count',
  'dependsOn',
  'share',
  'base',
  'args',
];
const anything = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.constant(haco())), { maxKeys: 5 }),
  fc.dictionary(fc.string(), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), { maxKeys: 3 }),
);

it('no JSON makes any of them throw', async () => {
  await fc.assert(
    fc.asyncProperty(anything, anything, async (first, second) => {
      for (const call of [containersOf, attachTo, loadDefinition])
        expect(await said(call, first, second)).toMatch(/^(fine|[a-z-]+: .)/s);
    }),
    { numRuns: 300 },
  );
});

it('this host’s facts are what facts must be', () => {
  expect(misfits(realRuntime.host(), hostFactsShape, '')).toEqual([]);
});
