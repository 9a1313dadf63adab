/** Words one after the other, as in a sentence. */

/**
 * `a`, `a and b`, `a, b and c`.
 *
 * @example
 * ```ts
 * import { listWords } from '@haco/plan';
 * listWords(['uts', 'ipc', 'net']); // 'uts, ipc and net'
 * ```
 */
export function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}
