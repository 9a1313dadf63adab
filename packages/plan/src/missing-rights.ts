/** What to say to whoever lacks a right: an ordinary user becomes root, a root without that right gets it back. */
import { isHostRoot, type HostFacts } from './host-facts.js';
import { listWords } from './list-words.js';

/** The two halves of such a sentence. */
export interface MissingRights {
  /** After "needs", e.g. `root (CAP_SYS_ADMIN)`. */
  readonly what: string;
  /** What mends it, e.g. `run it with sudo`. */
  readonly remedy: string;
}

/**
 * Name missing capabilities.
 *
 * @param capabilities - without the prefix, in lower case
 *
 * @example
 * ```ts
 * import { missingRights, type HostFacts } from '@haco/plan';
 * const sentence = (host: HostFacts) => {
 *   const { what, remedy } = missingRights(host, 'sys_admin');
 *   return `Mounting needs ${what}; ${remedy}.`;
 * };
 * ```
 */
export function missingRights(
  host: Pick<HostFacts, 'euid' | 'userNamespaces'>,
  ...capabilities: readonly string[]
): MissingRights {
  const names = capabilities.map((name) => name.toUpperCase());
  const full = listWords(names.map((name) => `CAP_${name}`));
  if (!isHostRoot(host)) return { what: `root (${full})`, remedy: 'run it with sudo' };
  const flags = names.map((name) => `--cap-add ${name}`).join(' ');
  return {
    what: `${full}, which this root lacks`,
    remedy: `give it back what it was made without, as "docker run ${flags}" does`,
  };
}
