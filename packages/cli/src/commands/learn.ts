/** `haco learn`: the course. */
import { checkLibc } from '@haco/sys';
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { suggestion } from '../command-line/suggest.js';
import { UsageError } from '../command-line/usage-error.js';
import type { Context } from '../context.js';
import type { Chapter } from '../learn/chapter.js';
import { chapters } from '../learn/chapters/index.js';
import { StreamConversation } from '../learn/conversation.js';
import { playChapter } from '../learn/play.js';
import { finishChapter, finishedChapters } from '../learn/progress.js';
import { Stage } from '../learn/scene.js';
import { languageOf, languages, type Language } from '../learn/text.js';
import { words } from '../learn/words.js';
import { ending } from '../terminal/signals.js';

/** Ctrl-C, as a shell tells it. */
const interrupted = 130;

export const command = defineCommand({
  name: 'learn',
  about:
    'Learn what a container is made of: eleven chapters, each with real containers, their plans, and what leaks when a part is ' +
    'switched off. "haco learn" goes on with the first chapter that was not finished; without somebody to answer, it plays by itself. The exit ' +
    'code is 1 when something that a chapter says does not hold on this host.',
  operands: { usage: '[list | CHAPTER]', least: 0, most: 1, complete: 'none' },
  options: {
    lang: { type: 'string', choices: languages, about: 'the language; without it, that of LANG' },
  },
  examples: [
    ['haco learn', 'go on with the course'],
    ['haco learn list', 'all chapters'],
    ['haco learn pid', 'one chapter'],
    ['haco learn --lang ja', 'in Japanese'],
  ],
  async run(context, { values, operands }) {
    const language = languages.find((one) => one === values.lang) ?? languageOf(context.env);
    const [word] = operands;
    if (word === 'list') {
      list(context, language);
      return ok(0);
    }
    const chosen = chapters.filter(({ id }) => id === word);
    if (word !== undefined && chosen.length === 0) {
      const known = chapters.map(({ id }) => id);
      return err(
        new UsageError(
          `There is no chapter "${word}"; ${suggestion(word, known, `it is one of ${known.join(', ')}.`)}`,
        ),
      );
    }
    return play(context, language, word === undefined ? unfinished(context) : chosen);
  },
});

/** From the first chapter on that wasn't finished; after the last, from the beginning. */
function unfinished({ env }: Context): readonly Chapter[] {
  const finished = finishedChapters(env);
  return chapters.slice(
    Math.max(
      0,
      chapters.findIndex(({ id }) => !finished.has(id)),
    ),
  );
}

function list({ env, paint, print }: Context, language: Language): void {
  const finished = finishedChapters(env);
  const width = Math.max(...chapters.map(({ id }) => id.length));
  for (const { id, title } of chapters) {
    const mark = finished.has(id) ? paint('green', '✓') : ' ';
    print(`${mark} ${paint('cyan', id.padEnd(width))}  ${title[language]}`);
  }
}

async function play(
  { env, paint, write, columns, isTerminal }: Context,
  language: Language,
  course: readonly Chapter[],
) {
  const opened = checkLibc().andThen(() => Stage.open());
  if (opened.isErr()) return err(opened.error);
  const stage = opened.value;
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  for (const signal of ending) process.on(signal, stop);
  using talk = new StreamConversation(process.stdin, write, isTerminal.stdin, abort.signal);
  try {
    const width = Math.max(40, Math.min(columns, 100));
    const options = { studio: { stage, signal: abort.signal }, talk, language, width, paint };
    talk.say(words.welcome[language]);
    talk.say((stage.isRoot ? words.asRoot : words.asUser)[language]);
    let broken = 0;
    for (const [index, chapter] of course.entries()) {
      const played = await playChapter(chapter, options);
      broken += played.broken;
      if (abort.signal.aborted) return ok(interrupted);
      if (played.left) return ok(broken === 0 ? 0 : 1);
      // What was only played back isn't known by anybody.
      if (!played.alone) finishChapter(env, chapter.id);
      const last = index === course.length - 1;
      if (!last && (await talk.ask(`\n${paint('bold', words.next[language])}`)) === 'q') break;
      if (last && course.length > 1) talk.say(`\n${words.end[language]}`);
    }
    return ok(broken === 0 ? 0 : 1);
  } finally {
    for (const signal of ending) process.off(signal, stop);
    stage.close();
  }
}
