/** All verbs of this package: one interface of each folder. */
import type { LandlockMethods } from './landlock/methods.js';
import type { NoNewPrivilegesMethods } from './no-new-privs/methods.js';
import type { SeccompMethods } from './seccomp/methods.js';

/** What confines the container's processes, for as long as they live. */
export interface ConfineMethods extends NoNewPrivilegesMethods, LandlockMethods, SeccompMethods {}
