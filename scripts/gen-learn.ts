// Generates docs/learn: the pages of the course in each language, from the chapters and from what was recorded of them.
import { readFile } from 'node:fs/promises';
import { chapters } from '../packages/cli/src/learn/chapters/index.js';
import { chapterPage, indexPage, pageName } from '../packages/cli/src/learn/page.js';
import type { Recording } from '../packages/cli/src/learn/record.js';
import { languages } from '../packages/cli/src/learn/text.js';

/** What `npm run record` writes. */
export const recordingFile = 'docs/learn/recorded.json';

async function recording(): Promise<Recording> {
  return JSON.parse(await readFile(new URL(`../${recordingFile}`, import.meta.url), 'utf8')) as Recording;
}

/** Files with their content. */
export const learnPages = languages.flatMap((language) => [
  {
    file: `docs/learn/${language}/README.md`,
    content: () => Promise.resolve(indexPage(chapters, language)),
  },
  ...chapters.map((chapter) => ({
    file: `docs/learn/${language}/${pageName(chapters, chapter)}`,
    content: async () => {
      const record = (await recording())[chapter.id];
      if (record === undefined) throw new Error(`${recordingFile} lacks the chapter ${chapter.id}: npm run record`);
      return chapterPage(chapters, chapter, record, language);
    },
  })),
]);
