/** Names of containers whose spec has none: one for each start, put into a plan that is made once. */
import { randomBytes } from 'node:crypto';

/** Random bytes are drawn by the kibibyte: a system call for each name would cost more than the name is worth. */
const pool = { bytes: Buffer.alloc(0), at: 0 };
const nameBytes = 6;

/** A new name, e.g. `haco-4f1c09a7b3de`; all have the same length. */
export function makeUpName(): string {
  if (pool.at + nameBytes > pool.bytes.length) {
    pool.bytes = randomBytes(1020);
    pool.at = 0;
  }
  pool.at += nameBytes;
  return `haco-${pool.bytes.toString('hex', pool.at - nameBytes, pool.at)}`;
}

/** What stands for the name in plans that are kept. Random, so that nothing which a caller writes can be taken for it. */
export const placeholderName = makeUpName();

/** A plain value (a plan, a failed step) with the name in place of the placeholder. */
export function withName<T>(
  value: T,
  { name, placeholder }: { readonly name: string; readonly placeholder?: string },
): T {
  return placeholder === undefined ? value : (JSON.parse(JSON.stringify(value).replaceAll(placeholder, name)) as T);
}
