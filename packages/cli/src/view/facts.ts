/** A value as lines of path and text: `memory.currentBytes` and `4096`. */
import { visible } from './visible.js';

/** Every leaf of a value, with its path. */
export function facts(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (value === null || typeof value !== 'object') return [[path, visible(String(value))]];
  return Object.entries(value).flatMap(([key, part]) => facts(part, path === '' ? key : `${path}.${key}`));
}
