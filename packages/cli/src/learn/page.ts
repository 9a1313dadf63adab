/** The static pages of the course: texts of the chapters, and what was recorded of their containers. */
import type { Chapter, Part } from './chapter.js';
import type { ChapterRecord, LessonRecord } from './record.js';
import type { Shot } from './shot.js';
import type { Language, Text } from './text.js';
import { words } from './words.js';

/** The name of a chapter's page: `01-uts.md`. */
export function pageName(chapters: readonly Chapter[], chapter: Chapter): string {
  return `${String(chapters.indexOf(chapter) + 1).padStart(2, '0')}-${chapter.id}.md`;
}

const generated =
  "<!-- Generated (npm run gen) from packages/cli/src/learn and docs/learn/recorded.json; don't edit. -->";

const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

const playCommand = (id: string, language: Language): string =>
  ['haco learn', id, language === 'en' ? '' : `--lang ${language}`].filter(Boolean).join(' ');

/** The page of a chapter. */
export function chapterPage(
  chapters: readonly Chapter[],
  chapter: Chapter,
  { lessons, task }: ChapterRecord,
  language: Language,
): string {
  const at = (text: Text): string => text[language].replaceAll('\n', '\n\n');
  const next = chapters[chapters.indexOf(chapter) + 1];
  // The blocks of a page are compiled as one program (scripts/check-snippets.ts).
  let before = "import { haco } from '@haco/core';\n\n";
  const shot = ({ code, output, outside, ending }: Shot): string => {
    const shown = [
      ...labelled(words.inside[language], output || words.nothing[language]),
      ...(outside === undefined ? [] : labelled(words.outside[language], outside || words.nothing[language])),
      ...(ending === undefined ? [] : labelled(words.ended[language], ending)),
    ];
    const shownCode = `${before}${code.join('\n')};`;
    before = '';
    return `${block('ts', shownCode)}\n\n${block('text', shown.join('\n'))}`;
  };
  const off = (record: LessonRecord, part: Part, several: boolean): readonly string[] => {
    const taken = record.off[part.id];
    if (taken === undefined) return [];
    return [
      ...(several ? [`### ${words.without[language]} ${part.id}`] : []),
      shot(taken.shot),
      at(part.leak),
      ...(several || taken.plan === '' ? [] : [at(words.plan), block('text', taken.plan)]),
    ];
  };
  const sections = chapter.lessons.flatMap((lesson, index) => {
    const record = lessons[index];
    if (record === undefined) return [];
    const { question } = lesson;
    return [
      at(lesson.about),
      shot(record.on),
      at(lesson.held),
      ...(question === undefined
        ? []
        : [
            `**${at(question.ask)}**`,
            question.answers.map((answer, number) => `${String(number + 1)}. ${answer[language]}`).join('\n'),
            `${words.answerLine[language]}: ${String(question.right + 1)}`,
          ]),
      ...lesson.parts.flatMap((part) => off(record, part, lesson.parts.length > 1)),
    ];
  });
  return `${[
    generated,
    `# ${at(chapter.title)}`,
    at(chapter.intro),
    ...sections,
    `## ${words.task[language]}`,
    at(chapter.task.ask),
    shot(task),
    at(chapter.task.done),
    `${words.playIt[language]} \`${playCommand(chapter.id, language)}\``,
    ...(next === undefined ? [] : [`→ [${at(next.title)}](${pageName(chapters, next)})`]),
  ].join('\n\n')}\n`;
}

/** The list of all chapters. */
export function indexPage(chapters: readonly Chapter[], language: Language): string {
  const list = chapters.map(
    (chapter, index) => `${String(index + 1)}. [${chapter.title[language]}](${pageName(chapters, chapter)})`,
  );
  return `${[
    generated,
    `# ${words.title[language]}`,
    words.about[language],
    list.join('\n'),
    words.recorded[language],
    words.otherLanguage[language],
    `${words.playIt[language]} \`${playCommand('', language)}\``,
  ].join('\n\n')}\n`;
}

function labelled(label: string, text: string): readonly string[] {
  return text.split('\n').map((line) => `${label} | ${line}`);
}
