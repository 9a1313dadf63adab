import { expect, it } from 'vitest';
import { chapters } from './chapters/index.js';
import { chapterPage, indexPage, pageName } from './page.js';

const [uts] = chapters;
const shot = { code: ['haco()', '  .run()'], output: 'seen', outside: '' };
const off = { uts: { shot: { ...shot, output: 'leaked', ending: 'oom' }, plan: '[clone] a step' } };

it('a page has the texts of its language, and what was recorded', () => {
  if (uts === undefined) throw new Error('no chapter');
  expect(pageName(chapters, uts)).toBe('01-uts.md');
  const page = chapterPage(chapters, uts, { lessons: [{ on: shot, off }], task: shot }, 'ja');
  expect(page).toContain(`# ${uts.title.ja}\n\n${uts.intro.ja}\n`);
  expect(page).toContain(
    "```ts\nimport { haco } from '@haco/core';\n\nhaco()\n  .run();\n```\n\n```text\n中 | seen\n外 | (出力なし)\n```",
  );
  expect(page).toContain('```text\n中 | leaked\n外 | (出力なし)\n終了 | oom\n```');
  expect(page).toContain('```text\n[clone] a step\n```');
  expect(page.match(/import/g)).toHaveLength(1);
  expect(page).toContain('`haco learn uts --lang ja`');
  expect(page).toContain('(02-pid.md)');
});

it('the index lists all chapters', () => {
  expect(indexPage(chapters, 'en').match(/^\d+\. \[.*\]\(\d\d-[a-z]+\.md\)$/gm)).toHaveLength(chapters.length);
});
