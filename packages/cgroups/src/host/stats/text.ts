/** Numbers out of the kernel's texts, without regular expressions and without splitting: a snapshot reads some twenty files. */

const zero = 48;

/** The whole number that begins at `at`; NaN when there is none. */
export function numberAt(text: string, at: number): number {
  let value = 0;
  let index = at;
  for (; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - zero;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return index === at ? Number.NaN : value;
}

/** A file that holds one number, or `max`; undefined when it wasn't read. */
export function single(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = numberAt(text, 0);
  return Number.isNaN(value) ? undefined : value;
}

/** v1 says "no limit" with the largest number of pages. */
const v1Unlimited = 2 ** 62;

/** A limit: `'max'` where there is none. */
export function limitOf(text: string | undefined): number | 'max' | undefined {
  if (text === undefined) return undefined;
  const value = numberAt(text, 0);
  if (Number.isNaN(value)) return text.startsWith('max') || text.startsWith('-1') ? 'max' : undefined;
  return value >= v1Unlimited ? 'max' : value;
}

/** The number after `word ` at the beginning of a line. */
export function field(text: string | undefined, word: string): number | undefined {
  if (text === undefined) return undefined;
  let at = 0;
  for (;;) {
    at = text.indexOf(word, at);
    if (at === -1) return undefined;
    const end = at + word.length;
    if ((at === 0 || text.charCodeAt(at - 1) === 10) && text.charCodeAt(end) === 32) {
      const value = numberAt(text, end + 1);
      return Number.isNaN(value) ? undefined : value;
    }
    at = end;
  }
}

/** The number, with decimals, after `name=`, from `from` on to the end of that line. */
export function assigned(text: string, name: string, from = 0): number | undefined {
  const at = text.indexOf(name, from);
  if (at === -1) return undefined;
  const start = at + name.length + 1;
  const whole = numberAt(text, start);
  if (Number.isNaN(whole)) return undefined;
  const dot = start + String(whole).length;
  if (text.charCodeAt(dot) !== 46) return whole;
  const end = dot + 1;
  const hundredths = numberAt(text, end);
  return Number.isNaN(hundredths) ? whole : whole + hundredths / 100;
}

/** Without the fields that this host doesn't count. */
export function known<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  const result: Record<string, unknown> = {};
  for (const key in fields) if (fields[key] !== undefined) result[key] = fields[key];
  return result as T;
}
