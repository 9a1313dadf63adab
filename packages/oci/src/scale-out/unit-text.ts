/** Units of systemd, as quadlet reads them: sections of keys, and how words are quoted. */

/** A section: keys with their values as they stand in the file, in order; a key may come more than once. */
export interface UnitSection {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

/** The text of a unit. */
export function unitText(sections: readonly UnitSection[]): string {
  return sections
    .filter(({ entries }) => entries.length > 0)
    .map(({ name, entries }) => `[${name}]\n${entries.map(([key, value]) => `${key}=${value}\n`).join('')}`)
    .join('\n');
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['%', '%%'],
  ['$', '$$'],
]);

/**
 * One word of a command line. `%` would begin a specifier and `$` a variable of systemd, which sees every word of a quadlet again in its
 * ExecStart; quotes, backslashes and control characters are those of C.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
 */
export function unitWord(word: string): string {
  const text = word.replace(/[\\"%$\u0000-\u001f\u007f]/g, (char) => escapes.get(char) ?? hex(char));
  return /^[\w./:@,=+%$-]+$/.test(text) ? text : `"${text}"`;
}

function hex(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** Several words. */
export function unitWords(words: readonly string[]): string {
  return words.map(unitWord).join(' ');
}
