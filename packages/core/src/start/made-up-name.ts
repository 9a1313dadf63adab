/** Names in plans that are made once: something stands for them, and each start puts its own in its place. */
import { randomHex } from '@haco/sys';

const madeUp = { prefix: 'haco-', bytes: 6 } as const;
const madeUpLength = madeUp.prefix.length + 2 * madeUp.bytes;

/** A new name, e.g. `haco-4f1c09a7b3de`; all have the same length. */
export function makeUpName(): string {
  return `${madeUp.prefix}${randomHex(madeUp.bytes)}`;
}

/** Shorter than this, it could be found by chance in the content of a file that a plan brings, of some MiB at most. */
const shortest = 8;
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const placeholders = new Map<number, string>();

/**
 * What stands for a name of this length in plans that are kept. Random, so that nothing which a caller writes is likely to be taken for it;
 * undefined for names that are too short for that.
 */
function placeholderOf(length: number): string | undefined {
  if (length < shortest) return undefined;
  let placeholder = placeholders.get(length);
  if (placeholder === undefined) {
    const random = Buffer.from(randomHex(length), 'hex');
    placeholder = Array.from(random, (byte) => letters[byte % letters.length]).join('');
    placeholders.set(length, placeholder);
  }
  return placeholder;
}

/** What stands for a container's name; for one that is made up at each start, that of those. */
export function placeholderFor(name: string | undefined): string | undefined {
  return placeholderOf(name?.length ?? madeUpLength);
}

/** A plain value (a plan, a failed step) with the name in place of the placeholder. */
export function withName<T>(
  value: T,
  { name, placeholder }: { readonly name: string; readonly placeholder?: string },
): T {
  return placeholder === undefined ? value : (JSON.parse(JSON.stringify(value).replaceAll(placeholder, name)) as T);
}
