/** What an errno means for the call that returned it, and what to do: EPERM alone is never an answer. */
import { errnoMeaning } from './errno.js';
import { cgroupHints } from './hints/cgroup-files.js';
import { execHints } from './hints/exec.js';
import { fileHints } from './hints/files.js';
import { generalHints } from './hints/general.js';
import { type HintTable } from './hints/hint-table.js';
import { mountHints } from './hints/mounts.js';
import { namespaceHints } from './hints/namespace-files.js';
import { privilegeHints } from './hints/privileges.js';
import { processHints } from './hints/processes.js';

const tables: readonly HintTable[] = [
  processHints,
  mountHints,
  fileHints,
  privilegeHints,
  execHints,
  cgroupHints,
  namespaceHints,
];

/** One hint; `steps` is the beginning of the step ids for which alone it counts, empty for all. */
export interface HintRow {
  readonly syscall: string;
  readonly errno: string;
  readonly steps: string;
  readonly hint: string;
}

/** Every hint that belongs to a call, flat. */
export function hintRows(): readonly HintRow[] {
  return tables.flatMap((table) =>
    Object.entries(table).flatMap(([key, hints]) => {
      const [calls = '', steps = ''] = key.split(' @');
      return calls
        .split(' ')
        .flatMap((syscall) => Object.entries(hints).map(([errno, hint]) => ({ syscall, errno, steps, hint })));
    }),
  );
}

/** Rows by call and errno; made at the first error. */
let index: Map<string, HintRow[]> | undefined;

function rowsOf(syscall: string, errno: string): readonly HintRow[] {
  if (index === undefined) {
    index = new Map();
    for (const row of hintRows()) {
      const key = `${row.syscall} ${row.errno}`;
      const rows = index.get(key);
      if (rows === undefined) index.set(key, [row]);
      else rows.push(row);
    }
  }
  return index.get(`${syscall} ${errno}`) ?? [];
}

/** `cgroups` and `cgroups.join` are beginnings of `cgroups.join.memory`; `cgroups.jo` isn't. */
function covers(steps: string, stepId: string): boolean {
  return steps === '' || stepId === steps || stepId.startsWith(`${steps}.`) || stepId.startsWith(`${steps}-`);
}

/**
 * What `errno` means when `syscall` returned it, and what to do: a clause in lower case without a full stop. The id of the
 * step tells apart what a call such as `write` was for; the row with the longest matching beginning wins. Unknown calls and
 * errnos get a general answer.
 *
 * @param syscall Name as in the man pages, or `posix_spawn`.
 * @param errno Name, e.g. `EBUSY`.
 * @param stepId Id of the step in the plan, e.g. `cgroups.memory`.
 * @example
 * ```ts
 * import { hintFor } from '@haco/sys';
 * hintFor('write', 'EBUSY', 'cgroups.memory'); // 'the group already uses more than that and …'
 * ```
 */
export function hintFor(syscall: string, errno: string, stepId = ''): string {
  let best: HintRow | undefined;
  for (const row of rowsOf(syscall, errno)) {
    if (covers(row.steps, stepId) && (best === undefined || row.steps.length > best.steps.length)) best = row;
  }
  if (best !== undefined) return best.hint;
  const general = Object.hasOwn(generalHints, errno) ? generalHints[errno] : undefined;
  return general ?? `${errnoMeaning(errno)}; see errno(3) and the man page of ${syscall}`;
}
