/** Why the kernel refused a limit of a live process: pure, told apart by what is known afterwards. */
import { PermissionError, SyscallError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import { rlimitKinds, type RlimitKind } from '../kinds.js';
import type { Rlimit } from '../section.js';
import { isAbove } from '../value.js';

/** What was tried, and what is the case. */
export interface Refusal {
  readonly pid: number;
  readonly kind: RlimitKind;
  readonly errno: string;
  /** What was asked for; undefined when a limit was only read. */
  readonly limit: Rlimit | undefined;
  /** The limit as it is; undefined when that can't be read either. */
  readonly current: Rlimit | undefined;
  /** `fs.nr_open`; undefined when it can't be read. */
  readonly nrOpen: number | undefined;
}

/** The name of a limit in man pages. */
export function rlimitName(kind: RlimitKind): string {
  return `RLIMIT_${kind.toUpperCase()}`;
}

function permission({ pid, kind, limit, current, nrOpen }: Refusal): HacoError {
  const name = rlimitName(kind);
  const what = `${limit === undefined ? 'read' : 'set'} ${name} of process ${String(pid)}`;
  // The kernel looks at this first, whoever asks: do_prlimit() in kernel/sys.c.
  if (kind === 'nofile' && limit !== undefined && nrOpen !== undefined && isAbove(limit.hard, nrOpen)) {
    return new PermissionError({
      what: `${what}${current === undefined ? '' : ` from ${String(current.hard)}`} to ${String(limit.hard)}`,
      missing: `no process may have more than fs.nr_open allows, which is ${String(nrOpen)}`,
      remedy: `ask for at most ${String(nrOpen)}, or have root raise it with "sysctl -w fs.nr_open=…"`,
    });
  }
  if (limit !== undefined && current !== undefined && isAbove(limit.hard, current.hard)) {
    return new PermissionError({
      what: `raise the hard ${name} of process ${String(pid)} from ${String(current.hard)} to ${String(limit.hard)}`,
      missing: 'that needs CAP_SYS_RESOURCE on the host, which this process lacks',
      remedy: `ask for at most ${String(current.hard)} (${rlimitKinds[kind].limits}), or run it with that capability`,
    });
  }
  return new PermissionError({
    what,
    missing: 'it belongs to another user, and this process lacks CAP_SYS_RESOURCE',
    remedy: 'run it as the same user, or with that capability',
  });
}

/** The error for a call of prlimit(2) that failed. */
export function refusalError(refusal: Refusal): HacoError {
  const { pid, kind, limit, errno } = refusal;
  if (errno === 'EPERM') return permission(refusal);
  const name = rlimitName(kind);
  const shown = limit === undefined ? 'NULL' : `{rlim_cur=${String(limit.soft)}, rlim_max=${String(limit.hard)}}`;
  return new SyscallError({
    step: `${limit === undefined ? 'read' : 'set'} ${name} of process ${String(pid)}`,
    call: `prlimit64(${String(pid)}, ${name}, ${shown}, &old)`,
    syscall: 'prlimit64',
    errno,
    hint:
      errno === 'EINVAL' && limit !== undefined && isAbove(limit.soft, limit.hard)
        ? `the soft limit ${String(limit.soft)} is above the hard one ${String(limit.hard)}; lower the first or raise the second`
        : hintFor('prlimit64', errno),
  });
}
