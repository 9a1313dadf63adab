/** All verbs of this package: one interface of each folder. */
import type { KeyringMethods } from './keyring/methods.js';
import type { LandlockMethods } from './landlock/methods.js';
import type { LsmMethods } from './lsm/methods.js';
import type { NoNewPrivilegesMethods } from './no-new-privs/methods.js';
import type { SeccompMethods } from './seccomp/methods.js';
import type { SideChannelMethods } from './side-channels/methods.js';

/** What confines the container's processes, for as long as they live. */
export interface ConfineMethods
  extends NoNewPrivilegesMethods, KeyringMethods, SideChannelMethods, LsmMethods, LandlockMethods, SeccompMethods {}
