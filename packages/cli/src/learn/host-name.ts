/** The name of the host, as outputs have it: at the end of a line of its own, or behind a colon. */
import { hostname } from 'node:os';

/** For `unstable` of a chapter. */
export const unstableHostName: readonly [RegExp, string] = [
  new RegExp(`(?<=^|: )${hostname().replace(/\W/g, '\\$&')}$`, 'gm'),
  '‹host›',
];
