// `npm run gen`: writes the files that are generated and committed; with --check it only says which of them are stale
// (of docs/api, check-api.ts does, which shows what changed there).
import { readFile, writeFile } from 'node:fs/promises';
import { apiPages } from './gen-api.js';
import { errorsFile, generateErrors } from './gen-errors.js';
import { learnPages } from './gen-learn.js';
import { generateNumbers, numbersFile } from './gen-numbers.js';
import { defaultProgramFile, generateDefaultProgram } from './gen-seccomp.js';

/** Each returns the content that its file should have. */
const generators: readonly { readonly file: string; readonly content: () => Promise<string> }[] = [
  { file: numbersFile, content: generateNumbers },
  { file: defaultProgramFile, content: generateDefaultProgram },
  { file: errorsFile, content: generateErrors },
  ...learnPages,
];

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');

const pages = check ? [] : apiPages().map(({ file, content }) => ({ file, content: () => Promise.resolve(content) }));
for (const { file, content } of [...generators, ...pages]) {
  const path = new URL(file, root);
  const wanted = await content();
  if ((await readFile(path, 'utf8').catch(() => undefined)) === wanted) continue;
  if (check) {
    console.error(`${file} is stale: npm run gen`);
    process.exitCode = 1;
  } else {
    await writeFile(path, wanted);
    console.log(`${file} written`);
  }
}
