import { expect, it } from 'vitest';
import { mappedIds } from './mapped-ids.js';

it.each([
  ['all, in the namespace of the host', '         0          0 4294967295\n', undefined],
  ['one, in a namespace of an ordinary user', '         0       1000          1\n', [{ start: 0, count: 1 }]],
  ['neighbours as one range', '0 1000 1\n1 100000 65536\n', [{ start: 0, count: 65_537 }]],
  [
    'in the order of the ids inside',
    '10 5 2\n0 1000 1\n',
    [
      { start: 0, count: 1 },
      { start: 10, count: 2 },
    ],
  ],
  ['nothing known, of a file that is hidden', undefined, undefined],
  ['nothing known, of a map that is not written yet', '', undefined],
])('%s', (_what, map, ranges) => {
  expect(mappedIds(map)).toEqual(ranges);
});
