import { expect, test } from 'vitest';
import { randomHex } from './late-builtins.js';

test('random digits are as many as were asked for, and others each time', () => {
  const drawn = Array.from({ length: 1000 }, () => randomHex(6));
  expect(new Set(drawn).size).toBe(drawn.length);
  for (const digits of drawn) expect(digits).toMatch(/^[0-9a-f]{12}$/);
});

test('what is left of the bytes that were drawn last is not given short', () => {
  for (const bytes of [1000, 100, 1024, 1]) expect(randomHex(bytes)).toHaveLength(bytes * 2);
});
