/** Readers name every problem with its path, and give back what they were given. */
import { describe, expect, test } from 'vitest';
import {
  optional,
  readBoolean,
  readEither,
  readInteger,
  readJson,
  readList,
  readObject,
  readOneOf,
  readTagged,
  readText,
} from './json.js';

const reader = readObject({
  name: readText,
  size: optional(readInteger),
  color: optional(readOneOf(['red', 'blue'])),
  list: readList(readObject({ on: readBoolean })),
});

describe('readJson', () => {
  test('a value of the right shape comes back, without what was left out', () => {
    const value = { name: 'x', list: [{ on: true }] };
    expect(readJson(reader, value)._unsafeUnwrap()).toEqual(value);
  });

  test('every problem is reported at once, with its path', () => {
    const result = readJson(reader, { size: 1.5, color: 'green', list: [{ on: true }, { on: 1, off: 2 }], extra: 1 });
    expect(result._unsafeUnwrapErr()).toEqual([
      { path: 'extra', message: 'is not known here' },
      { path: 'name', message: 'must be a string' },
      { path: 'size', message: 'must be a whole number' },
      { path: 'color', message: 'must be one of "red", "blue"' },
      { path: 'list[1].off', message: 'is not known here' },
      { path: 'list[1].on', message: 'must be true or false' },
    ]);
  });

  test('a tag chooses the shape, and an unknown tag is a problem', () => {
    const tagged = readTagged('kind', {
      a: readObject({ kind: readOneOf(['a']), x: readInteger }),
      b: readObject({ kind: readOneOf(['b']) }),
    });
    expect(readJson(tagged, { kind: 'a', x: 1 })._unsafeUnwrap()).toEqual({ kind: 'a', x: 1 });
    expect(readJson(tagged, { kind: 'constructor' })._unsafeUnwrapErr()).toEqual([
      { path: 'kind', message: 'must be one of "a", "b"' },
    ]);
    expect(readJson(tagged, 7)._unsafeUnwrapErr()).toEqual([{ path: '', message: 'must be an object' }]);
  });

  test('a prototype key is a key like any other', () => {
    const hostile: unknown = JSON.parse('{"name":"x","list":[],"__proto__":{}}');
    expect(readJson(reader, hostile).isErr()).toBe(true);
  });

  test('either reader is chosen by the value', () => {
    const either = readEither((json) => typeof json === 'string', readText, readList(readText));
    expect(readJson(either, 'x')._unsafeUnwrap()).toBe('x');
    expect(readJson(either, ['x'])._unsafeUnwrap()).toEqual(['x']);
  });
});
