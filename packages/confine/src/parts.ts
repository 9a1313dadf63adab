/** The list of parts: one of each folder. */
import type { AnyPart } from '@haco/plan';
import { keyring } from './keyring/part.js';
import { landlock } from './landlock/part.js';
import { lsm } from './lsm/part.js';
import { noNewPrivs } from './no-new-privs/part.js';
import { seccomp } from './seccomp/part.js';
import { sideChannels } from './side-channels/part.js';

/**
 * What confines a container beyond namespaces and capabilities. The steps of phase `confine` run in this order: no_new_privs
 * first, which filters of an ordinary user demand; a seccomp filter last, so that it need not allow the other steps.
 */
export const confineParts = [
  noNewPrivs,
  keyring,
  sideChannels,
  lsm,
  landlock,
  seccomp,
] as const satisfies readonly AnyPart[];
