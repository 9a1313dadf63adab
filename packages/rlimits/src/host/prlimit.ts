/** Limits of a process that is running already. */
import { readFileSync } from 'node:fs';
import { NotFoundError, UnsupportedError, type HacoError } from '@haco/plan';
import { errnoName, rawSyscall, syscallNumbers } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { rlimitKinds, type RlimitKind, type RlimitName } from '../kinds.js';
import { invalid, readKind, readLimit, readPid } from '../read.js';
import type { Rlimit, RlimitValue } from '../section.js';
import type { RlimitInput } from '../value.js';
import { refusalError } from './refusal.js';

const infinity = 0xffff_ffff_ffff_ffffn;

function encode({ soft, hard }: Rlimit): Buffer {
  const buffer = Buffer.alloc(16);
  [soft, hard].forEach((value, index) => {
    buffer.writeBigUInt64LE(value === 'unlimited' ? infinity : BigInt(value), index * 8);
  });
  return buffer;
}

function decode(buffer: Buffer): Rlimit {
  const value = (offset: number): RlimitValue => {
    const raw = buffer.readBigUInt64LE(offset);
    return raw === infinity ? 'unlimited' : Number(raw);
  };
  return { soft: value(0), hard: value(8) };
}

function prlimit(pid: number, kind: RlimitKind, limit: Rlimit | undefined): Result<Rlimit, HacoError> {
  const { arch } = process;
  if (process.platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    return err(
      new UnsupportedError({
        feature: 'prlimit',
        neededFor: 'limits of a live process',
        since: 'Linux on x64 or arm64',
        remedy: 'run it there',
      }),
    );
  }
  const old = Buffer.alloc(16);
  const result = rawSyscall(
    syscallNumbers[arch].prlimit64,
    pid,
    rlimitKinds[kind].number,
    limit === undefined ? null : encode(limit),
    old,
  );
  if (result >= 0) return ok(decode(old));
  const errno = errnoName(-result);
  if (errno === 'ESRCH') {
    return err(new NotFoundError({ what: 'process', subject: String(pid), remedy: 'it has ended, or never was' }));
  }
  const isRefused = errno === 'EPERM' && limit !== undefined;
  const current = isRefused ? prlimit(pid, kind, undefined).unwrapOr(undefined) : undefined;
  return err(refusalError({ pid, kind, errno, limit, current, nrOpen: isRefused ? nrOpen() : undefined }));
}

function nrOpen(): number | undefined {
  try {
    return Number(readFileSync('/proc/sys/fs/nr_open', 'latin1'));
  } catch {
    return undefined;
  }
}

/**
 * A limit of a running process. Fails with `not-found` when there is no such process, `permission` when it belongs to
 * somebody else, `invalid-spec` when there is no such limit.
 *
 * @param kind - `nofile`, `NOFILE`, `RLIMIT_NOFILE`, or the number 7
 *
 * @example
 * ```ts
 * import { readRlimit } from '@haco/rlimits';
 * readRlimit(process.pid, 'nofile'); // ok({ soft: 1024, hard: 1048576 })
 * ```
 *
 * @see prlimit(2)
 */
export function readRlimit(pid: number, kind: RlimitName): Result<Rlimit, HacoError> {
  return target(pid, kind).andThen((known) => prlimit(pid, known, undefined));
}

/**
 * Change a limit of a running process; gives the earlier one. Children that it has already keep theirs. Fails as
 * {@link readRlimit} does, with `permission` when the hard limit is raised without `CAP_SYS_RESOURCE` or `nofile` above
 * `fs.nr_open`, and with `syscall` (EINVAL) when the soft limit is above the hard one.
 *
 * @param limit - both limits: a number in the unit of the kind, `'unlimited'`, or text with a unit
 *
 * @example
 * ```ts
 * import { writeRlimit } from '@haco/rlimits';
 * writeRlimit(process.pid, 'core', { soft: 0, hard: 'unlimited' });
 * ```
 *
 * @see prlimit(2)
 */
export function writeRlimit(
  pid: number,
  kind: RlimitName,
  limit: { readonly soft: RlimitInput; readonly hard: RlimitInput },
): Result<Rlimit, HacoError> {
  return target(pid, kind).andThen((known) =>
    readLimit(known, limit, 'limit')
      .mapErr(invalid)
      .andThen((read) => prlimit(pid, known, read)),
  );
}

function target(pid: number, kind: RlimitName): Result<RlimitKind, HacoError> {
  return readPid(pid)
    .andThen(() => readKind(kind, 'kind'))
    .mapErr(invalid);
}
