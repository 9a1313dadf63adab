/** Arguments of the wrong types are told with their places, all of them. */
import { expect, it } from 'vitest';
import { misfits, type Shape } from './index.js';

const said = (value: unknown, shape: Shape, path = '') =>
  misfits(value, shape, path).map(({ path: at, message }) => `${at}: ${message}`);

it('names each place, and what it holds', () => {
  const shape: Shape = {
    fields: {
      name: 'text',
      count: { optional: 'number' },
      words: { list: 'text' },
      images: { record: 'text' },
      kind: { oneOf: ['a', 'b', 'c'] },
    },
  };
  expect(said({ name: 'x', words: [], images: {}, kind: 'a', more: 1 }, shape)).toEqual([]);
  expect(said({ count: null, words: ['x', 1], images: { a: true }, kind: 'd' }, shape, 'options')).toEqual([
    'options.name: must be a text, not undefined',
    'options.count: must be a number, not null',
    'options.words[1]: must be a text, not 1',
    'options.images.a: must be a text, not true',
    'options.kind: must be one of "a", "b", "c", not "d"',
  ]);
  expect(said([], shape)).toEqual([': must be an object, not a list']);
  expect(said({}, { list: 'flag' }, 'x')).toEqual(['x: must be a list, not an object']);
  expect(said('f', 'function', 'x')).toEqual(['x: must be a function, not "f"']);
});

it('takes no inherited property for one', () => {
  expect(said({}, { fields: { constructor: 'function' as never } })).toEqual([
    'constructor: must be a function, not undefined',
  ]);
});
