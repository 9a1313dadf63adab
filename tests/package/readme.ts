/** The first snippet of the README, as it stands there. */
import { readFileSync } from 'node:fs';

export const firstSnippet = /```ts\n([^]*?)```/.exec(
  readFileSync(new URL('../../README.md', import.meta.url), 'utf8'),
)?.[1] as string;

/** The root that it names. */
export const snippetRoot = /const root = '([^']+)'/.exec(firstSnippet)?.[1] as string;
