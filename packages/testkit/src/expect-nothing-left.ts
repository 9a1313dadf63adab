/** Runs a piece of a test and fails when the host isn't as it was before. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeForkServer } from '@haco/sys';
import { diffSnapshots, type HostDifference, type HostItem, type HostItemKind, takeSnapshot } from './host-snapshot.js';
import { runCommand } from './run-command.js';

export interface NothingLeftOptions {
  /** Tested against `kind id`, as in `thread 1234 (node)`: what may stay. */
  readonly ignore?: RegExp;
  /** How long what is on its way out may take; 10 s when left out: a busy machine needs its time, an idle one doesn't wait. */
  readonly patienceMs?: number;
}

// A container that took one of these from the host did harm. Threads and processes end all the time.
const mustStay: ReadonlySet<HostItemKind> = new Set(['mount', 'network namespace', 'network interface']);

/** The value of `run`. Rejects with a list of all that was left on, or taken from, the host. */
export async function expectNothingLeft<T>(run: () => T | Promise<T>, options: NothingLeftOptions = {}): Promise<T> {
  await warmUp();
  // It stays for a second, and would then count as left, or as missing.
  closeForkServer();
  const before = takeSnapshot();
  let outcome: { readonly value: T } | { readonly error: unknown };
  try {
    outcome = { value: await run() };
  } catch (error) {
    outcome = { error };
  }
  const problems = await waitForNothing(before, options);
  if ('error' in outcome) throw withProblems(outcome.error, problems);
  if (problems.length > 0) throw new Error(sentence(problems));
  return outcome.value;
}

let warm = false;

// Node starts its thread pool and its signal pipe at first use; they must not count as leftovers of the first test.
async function warmUp(): Promise<void> {
  if (warm) return;
  await Promise.all([stat('/'), runCommand(['true'])]);
  warm = true;
}

async function waitForNothing(
  before: ReturnType<typeof takeSnapshot>,
  { ignore, patienceMs = 10_000 }: NothingLeftOptions,
): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    closeForkServer();
    const problems = describe(diffSnapshots(before, takeSnapshot()), ignore);
    if (problems.length === 0 || performance.now() > deadline) return problems;
    await sleep(pauseMs);
  }
}

function describe({ added, removed }: HostDifference, ignore: RegExp | undefined): readonly string[] {
  const counts = ({ kind, id }: HostItem) => ignore === undefined || !ignore.test(`${kind} ${id}`);
  const lost = removed.filter(({ kind }) => mustStay.has(kind));
  return [
    ...added.filter(counts).map(({ kind, id }) => `left: ${kind} ${id}`),
    ...lost.filter(counts).map(({ kind, id }) => `taken away: ${kind} ${id}`),
  ];
}

const sentence = (problems: readonly string[]) =>
  `The host isn't as it was before:${problems.map((problem) => `\n  ${problem}`).join('')}`;

// The first error is the answer; what was left because of it is told with it.
function withProblems(error: unknown, problems: readonly string[]): unknown {
  if (error instanceof Error && problems.length > 0) error.message += `\n${sentence(problems)}`;
  return error;
}
