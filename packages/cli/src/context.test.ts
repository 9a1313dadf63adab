import { describe, expect, it } from 'vitest';
import { painter, showsColours } from './context.js';

describe('colours', () => {
  it('are for terminals, unless somebody wants otherwise', () => {
    expect(showsColours(true, {})).toBe(true);
    expect(showsColours(false, {})).toBe(false);
    expect(showsColours(true, { NO_COLOR: '1' })).toBe(false);
    expect(showsColours(true, { NO_COLOR: '' })).toBe(true);
    expect(showsColours(true, { TERM: 'dumb' })).toBe(false);
    expect(showsColours(false, { FORCE_COLOR: '1' })).toBe(true);
    expect(showsColours(true, { FORCE_COLOR: '0' })).toBe(false);
    expect(showsColours(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  });

  it('end where they should', () => {
    expect(painter(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(painter(false)('red', 'x')).toBe('x');
  });
});
