/** Several limits of a live process at once: all of them, or none. */
import type { HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { RlimitKind } from '../kinds.js';
import { invalid, readPid, readRlimits, type RlimitUpdates } from '../read.js';
import type { Rlimit, RlimitsSection } from '../section.js';
import { readRlimit, writeRlimit } from './prlimit.js';

/** One limit that was changed. */
export interface RlimitChange {
  readonly kind: RlimitKind;
  readonly from: Rlimit;
  readonly to: Rlimit;
}

function lowersHard({ from, to }: RlimitChange): boolean {
  if (to.hard === 'unlimited') return false;
  return from.hard === 'unlimited' || to.hard < from.hard;
}

/**
 * Change limits of a running process. All are checked before the first is set; when the kernel refuses one, those changed before are
 * put back. A hard limit that is lowered can't be raised again without CAP_SYS_RESOURCE, so those go last; what can't be put back is
 * in `error.cleanup`.
 *
 * Fails with `invalid-spec` (every problem with its path), else as `writeRlimit`.
 *
 * @example
 * ```ts
 * import { updateRlimits } from '@haco/rlimits';
 * updateRlimits(process.pid, { nofile: { soft: 512, hard: 4096 }, core: 0 });
 * ```
 *
 * @see prlimit(2)
 */
export function updateRlimits(pid: number, limits: RlimitUpdates): Result<readonly RlimitChange[], HacoError> {
  return readPid(pid)
    .andThen(() => readRlimits(limits))
    .mapErr(invalid)
    .andThen((section) => setAll(pid, section));
}

function setAll(pid: number, limits: RlimitsSection): Result<readonly RlimitChange[], HacoError> {
  const wanted: RlimitChange[] = [];
  for (const [name, to] of Object.entries(limits)) {
    const kind = name as RlimitKind;
    const from = readRlimit(pid, kind);
    if (from.isErr()) return err(from.error);
    wanted.push({ kind, from: from.value, to });
  }
  const ordered = [...wanted.filter((change) => !lowersHard(change)), ...wanted.filter(lowersHard)];
  const done: RlimitChange[] = [];
  for (const change of ordered) {
    const written = writeRlimit(pid, change.kind, change.to);
    if (written.isErr()) {
      const problems = done.reverse().map(({ kind, from }) => writeRlimit(pid, kind, from));
      written.error.cleanup = problems.flatMap((problem) => (problem.isErr() ? [problem.error] : []));
      return err(written.error);
    }
    done.push(change);
  }
  return ok(done);
}
