import { expect, it } from 'vitest';
import { parseSubordinateIds } from './subordinate-ids.js';

const text =
  '# comment\nalice:100000:65536\nbob:165536:65536\n1000:231072:10\nalice:400000:0\nalice:x:1\nalice:1:2:3\n';

it('takes the ranges of a user by name and by number', () => {
  expect(parseSubordinateIds(text, { name: 'alice', uid: 1000 })).toEqual([
    { start: 100000, count: 65536 },
    { start: 231072, count: 10 },
  ]);
  expect(parseSubordinateIds(text, { name: undefined, uid: 1000 })).toEqual([{ start: 231072, count: 10 }]);
});

it('gives nothing to others', () => {
  expect(parseSubordinateIds(text, { name: 'carol', uid: 1002 })).toEqual([]);
});
