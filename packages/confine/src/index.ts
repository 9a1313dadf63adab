/**
 * What else confines a process: no_new_privs, and later seccomp, Landlock and labels of security modules.
 *
 * @packageDocumentation
 */
export type { ConfineMethods } from './methods.js';
export { confine } from './part.js';
export type { ConfineSection } from './section.js';
