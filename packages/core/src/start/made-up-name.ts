/** Names of containers whose spec has none: one for each start, put into a plan that is made once. */
import { randomHex } from '@haco/sys';

/** A new name, e.g. `haco-4f1c09a7b3de`; all have the same length. */
export function makeUpName(): string {
  return `haco-${randomHex(6)}`;
}

/** What stands for the name in plans that are kept. Random, so that nothing which a caller writes can be taken for it. */
export function placeholderName(): string {
  placeholder ??= makeUpName();
  return placeholder;
}

let placeholder: string | undefined;

/** A plain value (a plan, a failed step) with the name in place of the placeholder. */
export function withName<T>(
  value: T,
  { name, placeholder }: { readonly name: string; readonly placeholder?: string },
): T {
  return placeholder === undefined ? value : (JSON.parse(JSON.stringify(value).replaceAll(placeholder, name)) as T);
}
