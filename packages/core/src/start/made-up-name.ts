/** Names of containers that were given none. */
import { randomHex } from '@haco/sys';

const madeUp = { prefix: 'haco-', bytes: 6 } as const;
/** How long all of them are. */
export const madeUpLength = madeUp.prefix.length + 2 * madeUp.bytes;

/** A new name, e.g. `haco-4f1c09a7b3de`. */
export function makeUpName(): string {
  return `${madeUp.prefix}${randomHex(madeUp.bytes)}`;
}
