/**
 * What else confines a process: no_new_privs, keyrings, side channels, labels of security modules, Landlock, seccomp.
 *
 * @packageDocumentation
 */
export type { KeyringMethods } from './keyring/methods.js';
export { keyring, type KeyringSection } from './keyring/part.js';
export type { LandlockChoice, LandlockMethods } from './landlock/methods.js';
export { landlock } from './landlock/part.js';
export type { FsRight, FsWord, LandlockScope } from './landlock/rights.js';
export type { LandlockRule, LandlockSection } from './landlock/section.js';
export type { LabelOptions, LsmMethods } from './lsm/methods.js';
export { lsm } from './lsm/part.js';
export type { LsmSection } from './lsm/section.js';
export type { ConfineMethods } from './methods.js';
export type { NoNewPrivilegesMethods } from './no-new-privs/methods.js';
export { noNewPrivs } from './no-new-privs/part.js';
export type { ConfineSection } from './no-new-privs/section.js';
export { confineParts } from './parts.js';
export { SyscallAnswers, type SyscallWatch } from './host/seccomp/answer.js';
export { prepareSeccomp, profilesOf } from './host/seccomp/prepare.js';
export { filterProblems } from './host/seccomp/survives.js';
export { combineProfiles } from './seccomp/combine.js';
export { decideProfile, type FilterContext } from './seccomp/conditions.js';
export { defaultProfile } from './seccomp/default-profile.js';
export type { SyscallAnswer, SyscallEvent, SyscallHandler } from './seccomp/handler.js';
export { learnedProfile } from './seccomp/learned.js';
export type { SeccompMethods } from './seccomp/methods.js';
export { seccomp } from './seccomp/part.js';

export { seccompPresets, type SeccompPreset } from './seccomp/presets.js';
export type { SeccompArg, SeccompCondition, SeccompProfile, SeccompRule } from './seccomp/profile.js';
export { parseProfile } from './seccomp/read-profile.js';
export { isSyscallName } from './seccomp/syscall-names.js';
export type { AnsweredCall, CompiledFilter, SeccompFilter, SeccompSection, SeccompSource } from './seccomp/section.js';
export type { SeccompAction, SeccompArch, SeccompFlag, SeccompOperator } from './seccomp/words.js';
export type { SideChannelMethods, SideChannelOptions } from './side-channels/methods.js';
export { sideChannels } from './side-channels/part.js';
export type { SideChannelSection, Speculation } from './side-channels/section.js';
