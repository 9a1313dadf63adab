/**
 * What else confines a process: no_new_privs, and later seccomp, Landlock and labels of security modules.
 *
 * @packageDocumentation
 */
export type { ConfineMethods } from './methods.js';
export type { NoNewPrivilegesMethods } from './no-new-privs/methods.js';
export { noNewPrivs } from './no-new-privs/part.js';
export type { ConfineSection } from './no-new-privs/section.js';
export { confineParts } from './parts.js';
