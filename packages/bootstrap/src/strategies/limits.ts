/** How much an archive or an image may hold. */
import { type Issue, issue, parseBytes, type Size } from '@haco/plan';
import { Fields, isObject } from '../fields.js';

/** How much an archive may hold before it is taken for an attack. */
export interface UnpackLimits {
  /** Number of entries; 1,000,000 when left out. */
  readonly entries?: number;
  /** Unpacked size of the whole archive, or of all layers of an image; `'32GiB'` when left out. */
  readonly size?: Size;
}

export function parseLimits(json: unknown, issues: Issue[]): { readonly limits?: UnpackLimits } {
  if (json === undefined) return {};
  if (!isObject(json)) {
    issues.push(issue('limits', 'must be an object'));
    return {};
  }
  const fields = new Fields(json, ['entries', 'size'], 'limits.');
  const limits = { ...fields.number('entries'), ...fields.size('size') };
  issues.push(...fields.issues);
  return { limits };
}

export function validateLimits({ entries, size }: UnpackLimits = {}): readonly Issue[] {
  const issues: Issue[] = [];
  if (entries !== undefined && !(Number.isSafeInteger(entries) && entries > 0)) {
    issues.push(issue('limits.entries', `${String(entries)} is not a whole number above 0`));
  }
  const bytes = parseBytes(size ?? 0);
  if (bytes.isErr()) issues.push(issue('limits.size', bytes.error));
  return issues;
}
