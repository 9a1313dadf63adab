import { expect, it } from 'vitest';
import { languageOf, linesOf } from './text.js';

it.each([
  [{}, 'en'],
  [{ LANG: 'C.UTF-8' }, 'en'],
  [{ LANG: 'ja_JP.UTF-8' }, 'ja'],
  [{ LANG: 'ja' }, 'ja'],
  [{ LANG: 'jam_JM' }, 'en'],
  [{ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }, 'en'],
  [{ LANG: 'C', LC_MESSAGES: 'ja_JP', LC_ALL: '' }, 'ja'],
])('the language of %j is %s', (env, language) => {
  expect(languageOf(env)).toBe(language);
});

it('English breaks between words, but never in code', () => {
  expect(linesOf('one two `three four` five', 'en', 12)).toEqual(['one two', '`three four`', 'five']);
  expect(linesOf('one\ntwo', 'en', 12)).toEqual(['one', 'two']);
});

it('Japanese breaks after sentences', () => {
  expect(linesOf('一つ。二つ。', 'ja', 4)).toEqual(['一つ。', '二つ。']);
});
