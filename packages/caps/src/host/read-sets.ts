/** The five sets of a process that is running. */
import { readFileSync } from 'node:fs';
import { IoError, NotFoundError, type HacoError } from '@haco/plan';
import { hintFor, probeHost } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { capabilityName, type CapabilityName } from '../names.js';
import { parseSets, type ProcessCapabilities } from '../process-sets.js';

/**
 * The capabilities of any process, whoever it belongs to.
 *
 * Errors: `not-found`, when there is no such process, or `/proc` hides it (`hidepid`); `io`, when there is no `/proc`.
 *
 * @param pid - as this process sees it
 *
 * @example
 * ```ts
 * import { readCapabilities } from '@haco/caps';
 * readCapabilities(process.pid).map(({ effective }) => effective.includes('sys_admin'));
 * ```
 *
 * @see proc_pid_status(5)
 */
export function readCapabilities(pid: number): Result<ProcessCapabilities, HacoError> {
  const path = `/proc/${String(pid)}/status`;
  const remedy = 'it has ended, or /proc is mounted with hidepid';
  const missing = new NotFoundError({ what: 'process', subject: String(pid), remedy });
  if (!Number.isSafeInteger(pid) || pid <= 0) return err(missing);
  try {
    const sets = parseSets(readFileSync(path, 'latin1'));
    return sets === undefined ? err(missing) : ok(sets);
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
    // ESRCH: it ended between the opening and the reading of the file.
    if (errno === 'ENOENT' || errno === 'ESRCH') return err(missing);
    return err(new IoError({ what: 'read', path, errno, hint: hintFor('openat', errno) }));
  }
}

/**
 * Every capability that this kernel knows, by number; those that are younger than haco's table of names are called `cap_41` and
 * so on.
 *
 * @example
 * ```ts
 * import { knownCapabilities } from '@haco/caps';
 * knownCapabilities().length; // 41 with Linux 5.9 to 6.18
 * ```
 */
export function knownCapabilities(): readonly CapabilityName[] {
  return probeHost().knownCapabilities.flatMap((name) => capabilityName(name) ?? []);
}
