/**
 * The eight kinds of Linux namespaces for containers: create, join and keep them, with id maps, host names and time offsets.
 *
 * @packageDocumentation
 */
export { enteredFd, enterStepId, fileOf } from './enter.js';
export { planJoinProcess, type JoinedProcess } from './join-process.js';
export { kindsInOrder, namespaceTable, type NamespaceRow } from './kinds.js';
export type { EnterTarget, NamespaceMethods } from './methods.js';
export { namespaces } from './part.js';
export type { Entered, IdMapping, NamespacesSection, Persisted, TimeOffsets } from './section.js';
