import { describe, expect, it } from 'vitest';
import { table } from './table.js';
import { bytes, duration, percent } from './units.js';

describe('units', () => {
  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1536, '1.5KiB'],
    [268_435_456, '256MiB'],
    [1_073_741_000, '1GiB'],
    [5 * 2 ** 40, '5TiB'],
  ])('%i bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

  it.each([
    [0, '0s'],
    [59_999, '59s'],
    [65_000, '1m05s'],
    [18_060_000, '5h01m'],
    [273_600_000, '3d4h'],
  ])('%i ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('percentages stay short', () => {
    expect(percent(0)).toBe('0.0%');
    expect(percent(99.94)).toBe('99.9%');
    expect(percent(99.96)).toBe('100%');
    expect(percent(1234.5)).toBe('1235%');
  });
});

describe('tables', () => {
  it('are as wide as their cells, and show no escape sequence', () => {
    const lines = table<{ readonly name: string; readonly size: number }>(
      [
        { heading: 'NAME', cell: ({ name }) => name, most: 8 },
        { heading: 'SIZE', cell: ({ size }) => String(size), align: 'right' },
      ],
      [
        { name: 'web', size: 5 },
        { name: 'a-long-name', size: 12_345 },
        { name: '\u001b[2J\n', size: 1 },
      ],
    );
    expect(lines).toEqual(['NAME       SIZE', 'web           5', 'a-long-…  12345', '\\x1b[2J…      1']);
  });
});
