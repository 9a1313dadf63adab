/** What holds for the texts of all chapters. */
import { expect, it } from 'vitest';
import { languages, type Text } from '../text.js';
import { words } from '../words.js';
import { chapters } from './index.js';

/** Every text below a value, with the path to it. */
function textsOf(value: unknown, path: string): readonly (readonly [string, Text])[] {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return [];
  if ('en' in value) return [[path, value as Text]];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${path}.${key}`));
}

const all = [...textsOf(words, 'words'), ...chapters.flatMap((chapter) => textsOf(chapter, chapter.id))];

it('all ids differ, and an answer is right', () => {
  expect(new Set(chapters.map(({ id }) => id)).size).toBe(11);
  for (const { question, parts } of chapters.flatMap(({ lessons }) => lessons)) {
    expect(parts.length).toBeGreaterThan(0);
    if (question !== undefined) expect(question.answers[question.right]).toBeDefined();
  }
});

it.each(all)('%s is there in each language, with the same code', (_path, text) => {
  for (const language of languages) expect(text[language].trim()).not.toBe('');
  const code = (of: string): readonly string[] =>
    [...of.matchAll(/`([^`]*)`/g)].map(([, span = '']) =>
      span.replace(/(SIZE|NAME|DIRECTORY|サイズ|名前|ディレクトリ)$/, '…'),
    );
  expect(text.ja.split('`').length % 2).toBe(1);
  expect(new Set(code(text.ja))).toEqual(new Set(code(text.en)));
});

it('Japanese texts are Japanese', () => {
  for (const [path, { ja }] of all) {
    if (path !== 'words.otherLanguage' && !/answers/.test(path)) expect(ja, path).toMatch(/[ぁ-んァ-ヶ一-龠]/);
  }
});
