/** The languages of the course: every text has all of them, side by side. */

/** What the course is written in. */
export const languages = ['en', 'ja'] as const;

/** One of them. */
export type Language = (typeof languages)[number];

/** A text in each language. */
export type Text = Readonly<Record<Language, string>>;

/** The language of an environment: as gettext does it, `LC_ALL` before `LC_MESSAGES` before `LANG`. */
export function languageOf({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  const locale = [LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '') ?? '';
  return /^ja(_|\.|$)/.test(locale) ? 'ja' : 'en';
}

/** Lines for a terminal: Japanese breaks after a sentence, and else where the terminal does; English between words. */
export function linesOf(text: string, language: Language, width: number): readonly string[] {
  if (language === 'ja') return text.split('\n').flatMap((line) => line.split(/(?<=\u3002)/));
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [''];
    // Code between backticks stays on its line.
    for (const word of paragraph.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
      const last = lines.at(-1) ?? '';
      if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
    return lines;
  });
}
