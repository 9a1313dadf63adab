/** Which processes of a trace belong to the start that is compared. */
import type { StraceCall } from '@haco/testkit';

/** Made at the end of every step, for the timings; plans themselves never ask for the time. */
const anywhere: ReadonlySet<string> = new Set(['clock_gettime', 'clock_nanosleep', 'restart_syscall']);

/** Whether it becomes a launcher by this call. */
export const isLauncher = (call: StraceCall): boolean => call.name === 'execve' && call.args[1] === '["haco-init"]';

/** Whether a plan may say it. */
export const isOfPlan = ({ name }: Pick<StraceCall, 'name'>): boolean => !anywhere.has(name);

/** The first process of a start, and how it came to be. */
export interface First {
  readonly pid: number;
  /** Where its calls begin. */
  readonly from: number;
  readonly way: 'spawned' | 'served' | 'alone';
}

/** Processes that a fork server has made in advance: each looks who its parent is and takes requests, until one makes it a launcher. */
export function sparesOf(calls: readonly StraceCall[], threads: ReadonlySet<number>): ReadonlySet<number> {
  const beginnings = new Map<number, string[]>();
  for (const { pid, name } of calls) {
    const begun = beginnings.get(pid) ?? [];
    if (begun.length < 3 && isOfPlan({ name })) beginnings.set(pid, [...begun, name]);
  }
  const isSpare = (begun: readonly string[]): boolean => begun.join() === 'close,getppid,close_range';
  return new Set([...beginnings].filter(([pid, begun]) => !threads.has(pid) && isSpare(begun)).map(([pid]) => pid));
}

/** Keepers and guards, which Node may make at any time: they ask by the channel, are never answered, and clone nothing. */
function isBystander(calls: readonly StraceCall[], launcher: number): boolean {
  const own = calls.filter(({ pid }) => pid === launcher);
  return (
    own.some(({ name, args }) => name === 'write' && args[0] === '4') && !own.some(({ name }) => name === 'clone3')
  );
}

/** The last start that strace saw: by Node itself, or by a fork server's spare, which becomes a launcher or clones a container. */
export function lastStart(
  calls: readonly StraceCall[],
  threads: ReadonlySet<number>,
  spares: ReadonlySet<number>,
): First | undefined {
  const launcherAt = calls.findIndex((call) => isLauncher(call) && !isBystander(calls, call.pid));
  const launcher = calls[launcherAt]?.pid;
  if (launcher === undefined) return undefined;
  const launchers = new Set<number>();
  let last: First = { pid: launcher, from: launcherAt + 1, way: 'spawned' };
  calls.forEach(({ name, pid }, index) => {
    if (!spares.has(pid) || launchers.has(pid)) return;
    if (name === 'munmap') {
      launchers.add(pid);
      last = { pid, from: index, way: 'served' };
    }
    if (name === 'clone3') last = { pid: 0, from: index + 1, way: 'alone' };
  });
  if (last.way !== 'alone') return last;
  const { from } = last;
  const known = new Set(calls.slice(0, from).map(({ pid }) => pid));
  const pid = calls
    .slice(from)
    .find((call) => call.name === 'munmap' && !known.has(call.pid) && !threads.has(call.pid))?.pid;
  return pid === undefined ? undefined : { ...last, pid };
}
