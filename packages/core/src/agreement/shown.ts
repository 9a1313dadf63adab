/** What strace writes for an argument, as values. */

/** Names of 0, which strace always writes, and plans don't. */
const zeros: ReadonlySet<string> = new Set(['O_RDONLY', 'AT_STATX_SYNC_AS_STAT']);

/** Names of constants as strace and plans write them. */
export const constantsIn = (text: string): readonly string[] =>
  (text.match(/\b_?[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []).filter((name) => !zeros.has(name));

/** A number that strace shows as such: decimal, hexadecimal, octal, or a product such as 8*1024; undefined for anything else. */
export function numberIn(shown: string): number | undefined {
  if (/^\d+(\*\d+)+$/.test(shown)) return shown.split('*').reduce((product, factor) => product * Number(factor), 1);
  if (!/^-?(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/.test(shown)) return undefined;
  return Number(/^-?0\d/.test(shown) ? shown.replace('0', '0o') : shown);
}

/** The number that strace shows for a field of a structure; undefined where it shows a word, an address or no such field. */
export function fieldIn(shown: string, name: string): number | undefined {
  const value = new RegExp(`[{ ,]${name}=([^,}\\s]+)`).exec(shown)?.[1];
  return value === undefined ? undefined : numberIn(value);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

function unescaped(text: string): string {
  const bytes = text.replaceAll(/\\(x[\da-f]{2}|[0-7]{1,3}|.)/g, (_all, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return escapes[code] ?? code;
  });
  // strace escapes every byte that isn't ASCII.
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The strings in what strace shows: of a path one, of argv and envp all. Undefined where it shows addresses, or has cut one off. */
export function textsIn(shown: string): readonly string[] | undefined {
  if (/^0x[\da-f]+/.test(shown) || shown.includes('"...')) return undefined;
  return [...shown.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => unescaped(text));
}
