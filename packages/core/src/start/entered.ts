/** The processes whose namespaces a start enters: held by descriptors, so that a number that has become another's is never trusted. */
import { err, ok, type Result } from 'neverthrow';
import { enteredFd, fileOf, type Entered, type NamespacesSection } from '@haco/namespaces';
import { StateError, type HacoError } from '@haco/plan';
import type { StepFailure } from '@haco/sys';
import { openPidfd } from '../exec/pidfd.js';
import type { Spec } from '../spec.js';
import { isAlive, type ProcessIdentity } from '../state/process-identity.js';
import { closeQuietly } from '../streams/descriptors.js';

/** Pidfds by the names that the plan uses. */
export type EnteredFds = Readonly<Record<string, number>>;

const none: EnteredFds = {};

function identified(spec: Spec): readonly (Entered & ProcessIdentity)[] {
  const { enter } = (spec['namespaces'] ?? none) as Partial<NamespacesSection>;
  if (enter === undefined || enter.length === 0) return [];
  return enter.filter((entered): entered is Entered & ProcessIdentity => enteredFd(entered) !== undefined);
}

function ended({ kind, pid }: Entered & ProcessIdentity): StateError {
  return new StateError({
    what: `enter the ${kind} namespace of a container`,
    state: `it is stopped (its process ${String(pid)} has ended)`,
    remedy: 'start it again, and enter the new one',
  });
}

/** Close them in Node. */
export function closeEntered(fds: EnteredFds): void {
  for (const fd of Object.values(fds)) closeQuietly(fd);
}

/** Open those that are named by the moment of their start too. Errors: `state`, when one has ended; `io`. */
export function openEntered(spec: Spec): Result<EnteredFds, HacoError> {
  const all = identified(spec);
  if (all.length === 0) return ok(none);
  const fds: Record<string, number> = {};
  for (const entered of all) {
    const name = enteredFd(entered) ?? '';
    const opened = fds[name] === undefined ? openPidfd(entered.pid) : ok(fds[name]);
    if (opened.isOk()) fds[name] = opened.value;
    // Looked at after it was opened: what is alive now is what the descriptor means.
    if (opened.isOk() && isAlive(entered)) continue;
    closeEntered(fds);
    return err(opened.isErr() && opened.error.kind !== 'not-found' ? opened.error : ended(entered));
  }
  return ok(fds);
}

/** The error of one that has ended while its namespaces were opened. */
export function endedMeanwhile({ operation, errno }: StepFailure, spec: Spec): StateError | undefined {
  if (operation.op !== 'syscall' || (errno !== 'ENOENT' && errno !== 'ESRCH')) return undefined;
  const [first, path] = operation.args;
  const name = typeof first === 'object' && 'fd' in first ? first.fd : undefined;
  const entered = identified(spec).find((one) => enteredFd(one) === name || fileOf(one) === path);
  return entered === undefined ? undefined : ended(entered);
}
