/** What an error shows of a program's output. */
import { expect, it } from 'vitest';
import { LastWords } from './last-words.js';

const count = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_value, index) => String(from + index));

function shown(lines: readonly string[]): readonly string[] {
  const words = new LastWords();
  for (const line of lines) words.add(line);
  return String(words).split('\n');
}

it('is its last twelve lines', () => {
  expect(shown([])).toEqual(['']);
  expect(shown(['a', '+ b'])).toEqual(['a', '+ b']);
  expect(shown(count(1, 20))).toEqual(count(9, 20));
});

it('is what it said itself, however many commands the shell has echoed since; and the last of these', () => {
  const echoes = count(1, 40).flatMap((one) => [`+ test ${one} -gt 0`, `++ basename ${one}`]);
  expect(shown(['no way', ...echoes, '+ false'])).toEqual(['no way', ...echoes.slice(-10), '+ false']);
  expect(shown([...count(1, 20), ...echoes, '+ false'])).toEqual([...count(10, 20), '+ false']);
});

it('keeps the last command also when it has said more than fits', () => {
  expect(shown(['+ true', '+ make', ...count(1, 20)])).toEqual(['+ make', ...count(10, 20)]);
});

it('takes a line that only begins with a plus for what it is', () => {
  expect(shown([...count(1, 6), '+1', ...count(7, 12)])).toEqual([...count(2, 6), '+1', ...count(7, 12)]);
});
