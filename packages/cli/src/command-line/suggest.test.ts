import { describe, expect, it } from 'vitest';
import { distance, nearest, suggestion } from './suggest.js';

describe('suggestions', () => {
  it.each([
    ['run', 'run', 0],
    ['rnu', 'run', 1],
    ['runn', 'run', 1],
    ['explian', 'explain', 1],
    ['', 'abc', 3],
  ])('%s is %s with %i mistakes', (from, to, mistakes) => {
    expect(distance(from, to)).toBe(mistakes);
  });

  const known = ['run', 'restore', 'explain', 'exec'];

  it.each([
    ['rnu', 'run'],
    ['expl', 'explain'],
    ['RUN', 'run'],
    ['exce', 'exec'],
  ])('%s may mean %s', (word, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  it.each(['frobnicate', 'e', 'x', ''])('%s means nothing that is known', (word) => {
    expect(nearest(word, known)).toBeUndefined();
  });

  it('end a sentence, with or without a word', () => {
    expect(suggestion('rnu', known, 'look it up.')).toBe('did you mean "run"?');
    expect(suggestion('frobnicate', known, 'look it up.')).toBe('look it up.');
  });
});
