/** What confines a process that nobody has a spec of, read back from the kernel: the sections of a process that is to be its equal. */
import { readFileSync } from 'node:fs';
import { err, type Result } from 'neverthrow';
import { readCapabilities } from '@haco/caps';
import { UnsupportedError, type HacoError, type HostFacts, type IdRange } from '@haco/plan';
import type { Spec } from '../spec.js';
import type { JoinSection } from './join-part.js';
import { stopped } from './pidfd.js';

/** What can't be copied from a process, and may be left out when the caller says so. */
export type NotCopied = 'seccomp' | 'label';

function insideId(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ outside, count }) => id >= outside && id < outside + count);
  return range === undefined ? undefined : range.inside + id - range.outside;
}

/** Numbers of a line of /proc/PID/status. */
function numbers(status: string, field: string): readonly number[] {
  const text = new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
  return text === '' ? [] : text.split(/\s+/).map(Number);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').replace(/[\0\n]+$/, '');
  } catch {
    return undefined;
  }
}

type UserSection = NonNullable<Spec['process']['user']>;

/** The ids of the process as they are called inside; undefined where a process that joins has them anyway. */
function userOf(status: string, { idMap, kinds }: JoinSection, host: HostFacts): UserSection | undefined {
  const [uid = 0] = numbers(status, 'Uid');
  const [gid = 0] = numbers(status, 'Gid');
  const map = kinds.includes('user') ? idMap : undefined;
  if (map === undefined) {
    return uid === host.euid && gid === host.egid ? undefined : { uid, gid, groups: numbers(status, 'Groups') };
  }
  const inside = { uid: insideId(map.uid, uid), gid: insideId(map.gid, gid) };
  if (inside.uid === undefined || inside.gid === undefined || (inside.uid === 0 && inside.gid === 0)) return undefined;
  const groups = numbers(status, 'Groups').flatMap((group) => insideId(map.gid, group) ?? []);
  return { uid: inside.uid, gid: inside.gid, groups };
}

function cannotCopy(what: string, pid: number, word: NotCopied): UnsupportedError {
  return new UnsupportedError({
    feature: `way to copy the ${what} of process ${String(pid)}`,
    neededFor: 'a process that is confined as it is',
    since: 'the kernel keeps it to itself',
    remedy: `give the container's spec to attachTo(), or go on without by degrade: ['${word}']`,
  });
}

/** A security module's label that isn't the caller's own. */
function hasForeignLabel(pid: number): boolean {
  const label = textOf(`/proc/${String(pid)}/attr/current`);
  return label !== undefined && label !== '' && label !== 'unconfined' && label !== textOf('/proc/self/attr/current');
}

/**
 * The sections `process`, `caps` and `confine` of an equal of the process. Errors: `state`, when it has ended; `unsupported`, when
 * something confines it that can't be copied and isn't in `degrade`.
 */
export function confinementOf(
  join: JoinSection,
  host: HostFacts,
  degrade: readonly NotCopied[],
): Result<Partial<Spec>, HacoError> {
  const { pid } = join;
  const status = textOf(`/proc/${String(pid)}/status`);
  if (status === undefined) return err(stopped('attach to it'));
  if (/^Seccomp:\s*[12]$/m.test(status) && !degrade.includes('seccomp')) {
    const [own] = numbers(textOf('/proc/self/status') ?? '', 'Seccomp_filters');
    // A filter that this process has, too, is inherited.
    if (own !== numbers(status, 'Seccomp_filters')[0]) return err(cannotCopy('seccomp filter', pid, 'seccomp'));
  }
  if (hasForeignLabel(pid) && !degrade.includes('label')) {
    return err(cannotCopy("security module's label", pid, 'label'));
  }
  const user = userOf(status, join, host);
  return readCapabilities(pid).map((sets) => ({
    process: { env: {}, init: false, ...(user === undefined ? {} : { user }) },
    // Everything in the bounding set, and held: nothing was dropped.
    caps: sets.permitted.length === host.knownCapabilities.length ? {} : { sets },
    confine: /^NoNewPrivs:\s*1$/m.test(status) && !host.noNewPrivileges ? { noNewPrivileges: true } : {},
  }));
}
