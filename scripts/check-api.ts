// Whether packages export what docs/api says. What differs is shown, since each line of it is a change for users.
import { readFileSync } from 'node:fs';
import { apiPages } from './gen-api.js';

const root = new URL('../', import.meta.url);
let differences = 0;
for (const { file, content } of apiPages()) {
  const stored = read(file);
  if (stored === content) continue;
  differences += 1;
  console.error([`${file} differs from what is exported:`, ...difference(stored, content)].join('\n'));
}
if (differences > 0) {
  console.error(
    'Where that is meant: npm run gen, commit docs/api with the change, and say in CHANGELOG.md what users have to adapt.',
  );
  process.exitCode = 1;
} else console.log('Each package exports what docs/api says.');

function read(file: string): string {
  try {
    return readFileSync(new URL(file, root), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The declarations that differ, each with its first line and the lines that came and went. */
function difference(stored: string, content: string): readonly string[] {
  const [before, after] = [declarations(stored), declarations(content)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [old, now] = [before.get(key) ?? [], after.get(key) ?? []];
    if (old.join('\n') === now.join('\n')) return [];
    const lines = [
      ...old.filter((line) => !now.includes(line)).map((line) => `  - ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `  + ${line}`),
    ];
    // Only the order or the number of equal lines changed: overloads, whose first match counts.
    const shown = lines.length > 0 ? lines : now.map((line) => `  ~ ${line}`);
    return shown[0]?.slice(4) === (now[0] ?? old[0]) ? shown : [`    ${now[0] ?? old[0] ?? ''}`, ...shown];
  });
}

/** By their kind and name: `interface Spec`. */
function declarations(page: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    page
      .split('\n\n')
      .map((text) => [/^(abstract )?\w+ [\w$]+/.exec(text)?.[0] ?? text.slice(0, 20), text.split('\n')]),
  );
}
