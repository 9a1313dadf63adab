/** The same words lead to the same builder, and only the same ones. */
import { describe, expect, test } from 'vitest';
import { plainArguments } from './builder-memo.js';
import { haco, orThrow } from './index.js';

describe('saying a chain again', () => {
  test('gives the builder of the first time, with its validated spec', () => {
    const say = () => haco().unshare('mount', 'pid').chroot('/srv', { readonly: true }).env({ A: '1' }).command('true');
    expect(say()).toBe(say());
    expect(orThrow(say().spec())).toBe(orThrow(say().spec()));
  });

  test('with another word, argument, or order of variables gives another', () => {
    const specs = [
      haco().env({ A: '1', B: '2' }),
      haco().env({ B: '2', A: '1' }),
      haco().env({ A: '1' }),
      haco().env({ A: '1', B: '2', C: '' }),
      haco().workdir('/tmp'),
    ].map((builder) => JSON.stringify(orThrow(builder.command('true').spec())));
    expect(new Set(specs).size).toBe(specs.length);
  });

  test('sees what became of an object since', () => {
    const variables: Record<string, string> = { A: '1' };
    const first = haco().env(variables).command('true');
    variables['A'] = '2';
    const second = haco().env(variables).command('true');
    expect(orThrow(first.spec()).process.env).toEqual({ A: '1' });
    expect(orThrow(second.spec()).process.env).toEqual({ A: '2' });
  });

  test('tells -0 from 0, and a missing argument from undefined', () => {
    expect(haco().cpu(0)).not.toBe(haco().cpu(-0));
    expect(haco().caps()).not.toBe(haco().caps(undefined as never));
  });

  test('keeps what was wrong with it', () => {
    const say = () => haco().memory('lots').command('true').spec();
    expect(say().isErr()).toBe(true);
    expect(say()._unsafeUnwrapErr().message).toContain('"lots" is not a size');
  });

  test('does not confuse chains of two lists of parts, or of two runtimes', () => {
    const part = {
      key: 'x',
      empty: {},
      verbs: {},
      parse: () => haco().spec() as never,
      validate: () => [],
      plan: () => [],
    };
    const own = haco({ parts: [part] });
    expect(own.command('true')).not.toBe(haco().command('true'));
    expect(haco({ runtime: { host: () => ({}) as never, launch: () => haco().spec() as never } })).not.toBe(haco());
  });

  test('forgets chains that a program makes up for each start', () => {
    const first = haco().name('first').command('true');
    for (let i = 0; i < 2000; i++)
      haco()
        .name(`x${String(i)}`)
        .command('true');
    const again = haco().name('first').command('true');
    expect(again).not.toBe(first);
    expect(orThrow(again.spec())).toEqual(orThrow(first.spec()));
  });
});

describe('arguments that can be kept', () => {
  const circular: unknown[] = [];
  circular.push(circular);
  const wide = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${String(i)}`, i]));
  test.each([
    ['a function', [() => 1]],
    ['an instance of a class', [new Date(0)]],
    ['a stream', [process.stdout]],
    ['a property that is hidden', [Object.defineProperty({}, 'x', { value: 1 })]],
    ['a symbol as a name', [{ [Symbol('x')]: 1 }]],
    ['a long text', ['x'.repeat(1025)]],
    ['many values', [wide]],
    ['a list in itself', circular],
  ])('are not those with %s', (_, args) => {
    expect(plainArguments(args)).toBeUndefined();
  });

  test('are copied', () => {
    const args = [{ a: [1] }];
    const kept = plainArguments(args);
    args[0]?.a.push(2);
    expect(kept).toEqual([{ a: [1] }]);
  });
});
