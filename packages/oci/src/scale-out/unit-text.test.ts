/** Units: what quadlet and then systemd make of words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unitText, unitWord, unitWords } from './unit-text.js';

test('plain words stay as they are, all others are quoted', () => {
  expect(unitWords(['-c', 'a b', "it's", '"', 'back\\slash', 'two\nlines', '\t', '\u0001', ''])).toBe(
    String.raw`-c "a b" "it's" "\"" "back\\slash" "two\nlines" "\t" "\x01" ""`,
  );
});

test('specifiers and variables of systemd are none', () => {
  expect(unitWord('50%')).toBe('50%%');
  expect(unitWord('%h $HOME ${A}')).toBe('"%%h $$HOME $${A}"');
});

test('a section without keys isn’t written', () => {
  expect(
    unitText([
      { name: 'Unit', entries: [] },
      { name: 'Container', entries: [['Image', 'a:1'], ['Exec', 'x']] },
      { name: 'Service', entries: [['Restart', 'no']] },
    ]), // prettier-ignore
  ).toBe('[Container]\nImage=a:1\nExec=x\n\n[Service]\nRestart=no\n');
});

/** As extract_first_word() of systemd, and podman's translation of it. */
function split(line: string): readonly string[] {
  const words: string[] = [];
  const pattern = /\s*("(?:[^"\\]|\\.)*"|[^\s"'\\]+)/sy;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    const [, word = ''] = match;
    words.push(
      word.startsWith('"')
        ? word.slice(1, -1).replace(/\\(x[0-9a-f]{2}|.)/gs, (_, code: string) => unescape(code))
        : word,
    );
  }
  return words;
}

function unescape(code: string): string {
  if (code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return { n: '\n', r: '\r', t: '\t' }[code] ?? code;
}

test('any words come through quadlet and systemd unchanged', () => {
  const word = fc.oneof(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    fc.string({
      minLength: 1,
      unit: fc.constantFrom(' ', '"', "'", '\\', '%', '$', '{', '\n', '\t', 'a', '=', ';', '\u007f'),
    }),
  );
  const nul = '\u0000';
  fc.assert(
    fc.property(fc.array(word.filter((text) => !text.includes(nul))), (words) => {
      const line = unitWords(words);
      expect(line).not.toContain('\n');
      const started = split(line).map((text) => text.replaceAll('%%', '%').replaceAll('$$', '$'));
      expect(started).toEqual(words);
    }),
  );
});
