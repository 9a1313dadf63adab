/** Failures where this process itself lives under a seccomp filter, such as that of an outer container: the filter is named as a cause. */
import { readFileSync } from 'node:fs';
import { SyscallError, type HacoError } from '@haco/plan';

/** What filters answer; `ECANCELED` stands for a launcher that ended without a word, as it does when a call of its own is refused. */
const answersOfFilters: readonly string[] = ['EPERM', 'ENOSYS', 'EACCES', 'ECANCELED'];

/** What the launcher calls besides the plan, that a profile may leave out. */
const ownCalls =
  'close_range, dup3, kill, lseek, mmap, pipe2, ppoll, prctl, pread64, recvmsg, rt_sigprocmask and socketpair';

/** Asked at a failure only. Nobody can take a filter off, so what is true stays true. */
function isFiltered(): boolean {
  try {
    return /^Seccomp:\s*2$/m.test(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return false;
  }
}

/** The same error, saying that the filter above may be its cause. */
export function withFilter(error: HacoError, filtered: () => boolean = isFiltered): HacoError {
  if (!(error instanceof SyscallError) || !answersOfFilters.includes(error.errno)) return error;
  if (/\bfilter\b/.test(error.hint) || !filtered()) return error;
  const [calls, it] =
    error.errno === 'ECANCELED' ? [`one of the launcher's calls (${ownCalls})`, 'them'] : [error.syscall, 'it'];
  const cause = `or the seccomp filter that this process lives under (that of an outer container, perhaps) refuses ${calls}: allow ${it} there`;
  const { step, stepId, from, call, syscall, errno, hint } = error;
  return new SyscallError({ step, stepId, from, call, syscall, errno, hint: `${hint}; ${cause}` });
}
