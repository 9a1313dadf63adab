/** A plain copy holds what was given, once read, and nothing else. */
import { afterEach, expect, test } from 'vitest';
import { nothing, ownOnly, plain, readPlain } from './plain.js';

const polluted = Object.prototype as unknown as Record<string, unknown>;
afterEach(() => void Reflect.deleteProperty(polluted, 'degrade'));

test.each([
  ['plain', plain],
  ['ownOnly', ownOnly],
] as const)('%s() keeps own properties, lists and an own __proto__, and inherits nothing', (_name, copyOf) => {
  const given = JSON.parse('{"a":[{"b":1}],"__proto__":{"degrade":true}}') as object;
  const copy = copyOf(given) as Record<string, unknown>;
  expect(JSON.stringify(copy)).toBe(JSON.stringify(given));
  expect(copy['degrade']).toBeUndefined();
  polluted['degrade'] = true;
  expect(({} as Record<string, unknown>)['degrade']).toBe(true);
  expect([copy['degrade'], 'degrade' in copy]).toEqual([undefined, false]);
  expect((copyOf({ a: {} }).a as Record<string, unknown>)['degrade']).toBeUndefined();
  expect((nothing as Record<string, unknown>)['degrade']).toBeUndefined();
});

test('copies are frozen at every depth, and shared afterwards; what is no plain data is passed through', () => {
  const stream = new (class Stream {})();
  const copy = plain({ list: [{ a: 1 }], stream, bytes: Buffer.from('x') });
  expect(Object.isFrozen(copy) && Object.isFrozen(copy.list) && Object.isFrozen(copy.list[0])).toBe(true);
  expect(copy.stream).toBe(stream);
  expect(plain(copy)).toBe(copy);
  expect(plain({ other: copy.list }).other).toBe(copy.list);
});

test('a getter is asked once, and one that throws is an error', () => {
  let asked = 0;
  const copy = plain({
    get a() {
      asked += 1;
      return asked;
    },
  });
  expect([copy.a, copy.a, asked]).toEqual([1, 1, 1]);
  const throws = {
    get a(): never {
      throw new Error('no');
    },
  };
  expect(readPlain(throws)._unsafeUnwrapErr()).toBe("can't be read: no");
});
