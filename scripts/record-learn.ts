/**
 * `npm run record`: plays every chapter of `haco learn` for real, as root, and writes docs/learn/recorded.json, from which `npm run gen`
 * makes the pages. The tests play them again, and compare.
 */
import { writeFileSync } from 'node:fs';
import { orThrow } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { chapters } from '../packages/cli/src/learn/chapters/index.js';
import { recordChapter, type ChapterRecord } from '../packages/cli/src/learn/record.js';
import { Stage } from '../packages/cli/src/learn/scene.js';
import { recordingFile } from './gen-learn.js';

if (process.geteuid?.() !== 0) throw new Error('npm run record: the course is recorded as root');
// What programs say is the same everywhere in the language C.
process.env['LC_ALL'] = 'C';

const stage = orThrow(Stage.open());
try {
  const recording: Record<string, ChapterRecord> = {};
  for (const chapter of chapters) {
    const record = orThrow(await recordChapter({ stage, host: storedHosts.v2 }, chapter));
    if (record === undefined) throw new Error(`${chapter.id}: something that it says doesn't hold here`);
    recording[chapter.id] = record;
  }
  writeFileSync(new URL(`../${recordingFile}`, import.meta.url), `${JSON.stringify(recording, undefined, 2)}\n`);
  console.log(`${recordingFile} written; npm run gen makes the pages`);
} finally {
  stage.close();
}
