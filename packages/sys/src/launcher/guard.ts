/**
 * The bond of containers to Node's life, where no launcher stays with them. The kernel ends them by PR_SET_PDEATHSIG, but forgets that
 * when a process executes a set-uid program or one with file capabilities, and the process itself may take it back, see
 * PR_SET_PDEATHSIG(2const). So whoever lives for some milliseconds gets a guard: a launcher that holds a pidfd of it, and kills it when
 * Node ends. One guards all that were started about the same time.
 */
import { syscall, type Operation, type Step } from '@haco/plan';
import { afterEnd } from '../exit/after-end.js';
import { libc, rawSyscall } from '../libc.js';
import { syscallNumbers } from '../codec/numbers.generated.js';
import { startBystander, type Bystander } from './bystander.js';

const SIGKILL = 9;

/** A container gets its guard when it has lived for one of these, or two, in milliseconds. Most commands end before. */
const tickMs = 10;

/** So many pidfds are handed to one guard: each is open in Node meanwhile, twice at worst. */
const mostOfOne = 128;

/** The first process of a container. */
export interface Guarded {
  /** Its pid; 0 before there is one. A child of this process, and not waited for before {@link endGuard}. */
  readonly pid: () => number;
}

interface Guard extends Bystander {
  readonly members: Set<Guarded>;
}

const guards = new Set<Guard>();
const guardOf = new Map<Guarded, Guard>();
/** Since the last tick, and since the one before it. */
let young = new Set<Guarded>();
let grown = new Set<Guarded>();
let timer: NodeJS.Timeout | undefined;

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

/** Steps of a guard for so many. */
function guardSteps(names: readonly string[]): readonly Step[] {
  // ESRCH: it has ended. EPERM: it has become another user's, by a program that may.
  const kill = (name: string): Operation =>
    syscall('pidfd_send_signal', [{ fd: name }, SIGKILL, 0, 0], { tolerate: ['ESRCH', 'EPERM'] });
  // A step for each: whatever becomes of one, the others are ended.
  return names.map((name) => ({
    id: `guard.kill.${name}`,
    phase: 'undo',
    label: 'end a container',
    why: 'Node has ended, and no container outlives it unasked',
    from: 'guard',
    source: 'pidfd_send_signal(2)',
    operations: [kill(name)],
  }));
}

/** One guard for these. Without descriptors or processes left they have none: then the kernel's own bond is all there is. */
function startGuard(all: readonly Guarded[]): void {
  const held: { readonly one: Guarded; readonly pidfd: number }[] = [];
  for (const one of all) {
    const pid = one.pid();
    // Not made yet, on a slow machine: its time comes.
    if (pid <= 0) {
      watchOver(one);
      continue;
    }
    const pidfd = rawSyscall(syscallNumbers[arch].pidfd_open, pid, 0);
    if (pidfd >= 0) held.push({ one, pidfd });
  }
  if (held.length === 0) return;
  const descriptors = Object.fromEntries(held.map(({ pidfd }, index) => [`guarded.${String(index)}`, pidfd]));
  const started = startBystander(guardSteps(Object.keys(descriptors)), 'containers end with Node', {
    arch,
    descriptors,
  });
  for (const { pidfd } of held) libc().close(pidfd);
  if (started.isErr()) return;
  const guard: Guard = { ...started.value, members: new Set(held.map(({ one }) => one)) };
  guards.add(guard);
  for (const one of guard.members) guardOf.set(one, guard);
  afterEnd(guard.pid, () => {
    // Killed by somebody: what it guarded gets another one.
    if (!guards.has(guard)) return;
    dismiss(guard);
    for (const one of guard.members) watchOver(one);
  });
}

/** Let go of its socket. */
function dismiss(guard: Guard): void {
  guards.delete(guard);
  libc().close(guard.channel);
}

function tick(): void {
  timer = undefined;
  const due = [...grown];
  grown = young;
  young = new Set();
  for (let from = 0; from < due.length; from += mostOfOne) startGuard(due.slice(from, from + mostOfOne));
  if (grown.size > 0) schedule();
}

function schedule(): void {
  timer ??= setTimeout(tick, tickMs).unref();
}

/** Have it end with Node, whatever it does. */
export function watchOver(one: Guarded): void {
  young.add(one);
  schedule();
}

/** It has ended; called before its pid can be another's. */
export function endGuard(one: Guarded): void {
  if (young.delete(one) || grown.delete(one)) return;
  const guard = guardOf.get(one);
  if (guard === undefined) return;
  guardOf.delete(one);
  guard.members.delete(one);
  if (guard.members.size === 0) dismiss(guard);
}
