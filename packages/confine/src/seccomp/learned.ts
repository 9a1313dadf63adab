/** From what a run has used to the profile that allows just that. */
import type { SeccompProfile } from './profile.js';
import { isSyscallName } from './syscall-names.js';

/** What haco itself does before the command, and what ends it in haste: not every run shows them. */
const always = ['clock_gettime', 'execve', 'exit_group', 'rt_sigreturn', 'restart_syscall'];

/**
 * The profile that allows these calls, with any arguments, and answers EPERM to all others. Calls of another run, e.g. of another
 * input, are missing in it: learn from several, and allow what any of them used.
 *
 * @example
 * ```ts
 * import { learnedProfile } from '@haco/confine';
 * learnedProfile(['read', 'write']); // and those that every command needs
 * ```
 */
export function learnedProfile(used: Iterable<string>): SeccompProfile {
  // A number without a name is newer than haco's table: its caller can do without.
  const names = [...new Set([...always, ...used])].filter(isSyscallName).sort();
  return { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1, syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] };
}
