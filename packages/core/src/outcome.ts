/** How a container ended: a union that a caller can `switch` over by `reason`. */
import { constants } from 'node:os';
import type { Enforcement } from '@haco/plan';
import type { StepTime } from '@haco/sys';

/** Name of a signal, e.g. `SIGKILL`. */
export type SignalName = NodeJS.Signals | `SIGRTMIN+${number}`;

/** What the container used. */
export interface Usage {
  /**
   * User CPU time in milliseconds: of all its processes where a cgroup counts it, else of those that were waited for, which an orphan
   * (`setsid`) isn't. A cgroup counts it on v2 with any limit. On v1 with `cpuTimeout()` or `cgroup('cpuacct.usage', 0)`, and with
   * `cpu()` where the controllers cpu and cpuacct are mounted together, as systemd does.
   */
  readonly userMs: number;
  /** System CPU time in milliseconds; as `userMs`. */
  readonly systemMs: number;
  /**
   * Most memory at one time in bytes: of its cgroup, or else the largest resident set of one process. The kernel counts pages of a process in
   * batches (since 6.2): of a very small one it may tell 0.
   */
  readonly memoryPeakBytes: number;
  /** Processes killed because the memory limit was reached; on cgroup v1 without those in groups below the container's. */
  readonly oomKills: number;
  /** How often a fork was refused by the pids limit; on cgroup v1 without those in groups below the container's. */
  readonly pidsLimitHits: number;
  /** Time in which the cpu limit held it back, in milliseconds. */
  readonly throttledMs: number;
  /** Bytes read from block devices; missing when nothing about them was asked for, as then nobody counts. */
  readonly ioReadBytes?: number;
  /** Bytes written to block devices; missing as `ioReadBytes`. */
  readonly ioWriteBytes?: number;
}

interface Ended {
  /** What it wrote to stdout, as UTF-8; empty where stdout wasn't captured. */
  readonly stdout: string;
  /** What it wrote to stderr, as UTF-8; empty where stderr wasn't captured. */
  readonly stderr: string;
  /** From the call of `run()` or `start()` to the end, in milliseconds. */
  readonly durationMs: number;
  readonly usage: Usage;
  /**
   * For each limit and protection that was asked for, by its name (`cpu`, `memory`, `rlimit:nofile`, `caps`, `seccomp`, …): how far it was in
   * force.
   */
  readonly enforced: Readonly<Record<string, Enforcement>>;
  /**
   * How long each step of the start took, by its id as `explain()` has it: in the order of the plan, but for the execution of the command
   * itself, which ends the process that could tell, and for what is undone after the end.
   */
  readonly steps: readonly StepTime[];
}

/**
 * The end of a container.
 *
 * | reason | what happened | exitCode | signal |
 * | --- | --- | --- | --- |
 * | `exited` | the command ended by itself | its code | null |
 * | `signaled` | a signal ended it, not one of haco's | null | its name |
 * | `oom` | the memory limit was reached and the kernel killed | code or null | name or null |
 * | `pids-limit` | a fork was refused by the limit and the command failed | its code | or its signal |
 * | `timeout` | haco killed it because of `timeout()` | null | `SIGKILL` |
 * | `cpu-timeout` | haco killed it because of `cpuTimeout()`, or the kernel because of `rlimit('cpu')` | code or null | name or null |
 * | `seccomp` | a filter of `seccomp()` ended it | null, or a shell's 159 | `SIGSYS`, or null |
 * | `output-limit` | haco killed it because of `outputLimit()` | null | `SIGKILL` |
 * | `aborted` | haco killed it because of `signal()` | null | `SIGKILL` |
 *
 * The kernel counts kills for want of memory and refused forks of the whole group, so `oom` and `pids-limit` are right whichever
 * process was hit; but for one in a group below the container's on cgroup v1, whose kernel counts those there alone: its end is `exited` or
 * `signaled`, and `events()` and `stats()` of the container tell. Of an `exec()`, whose groups are those of the container, `oom` is told by the end (`SIGKILL`, or exit code 137
 * where a shell passes it on) together with a count that has risen meanwhile. The kernel doesn't count those of `rlimit('cpu')`.
 * They are told by the signal (`SIGXCPU` at the soft limit, `SIGKILL` at the hard one) that ended the first process, or a child whose
 * end the first process passes on as shells do (exit code 152 or 137), together with as much CPU time really used. A child that was
 * killed so and isn't passed on stays unnoticed; `cpuTimeout()` has no such gap. The first process of a new pid namespace ignores
 * `SIGXCPU`: it ends at the hard limit. `seccomp` is told in the
 * same way, by `SIGSYS` or exit code 159, where a filter is in force.
 */
export type Outcome = Ended &
  (
    | { readonly reason: 'exited'; readonly exitCode: number; readonly signal: null }
    | { readonly reason: 'signaled'; readonly exitCode: null; readonly signal: SignalName }
    | { readonly reason: 'oom' | 'pids-limit'; readonly exitCode: number | null; readonly signal: SignalName | null }
    | {
        readonly reason: 'timeout' | 'cpu-timeout' | 'seccomp' | 'output-limit' | 'aborted';
        readonly exitCode: number | null;
        readonly signal: SignalName | null;
      }
  );

/** Why haco killed it, if it did. */
export type KillReason = 'timeout' | 'cpu-timeout' | 'output-limit' | 'aborted';

const namesByNumber = new Map<number, SignalName>(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

/** Name of a signal number; real-time signals count from SIGRTMIN (34 with glibc and musl). */
export function signalName(number: number): SignalName {
  return namesByNumber.get(number) ?? `SIGRTMIN+${number - 34}`;
}

/** Decide the reason. What haco did itself comes first, then what the kernel's counters say, then the wait status. */
export function decide(
  ended: Ended,
  status: { readonly exitCode: number | null; readonly signal: number | null },
  killed: KillReason | undefined,
  /** What the kernel did without counting it: RLIMIT_CPU (see `endedByCpuLimit`) or a filter (see `endedByFilter`). */
  byKernel?: 'cpu-timeout' | 'seccomp',
): Outcome {
  const { exitCode } = status;
  const signal = status.signal === null ? null : signalName(status.signal);
  // A command that ended by itself before the kill reached it has won the race.
  if (killed !== undefined && exitCode === null) return { ...ended, reason: killed, exitCode, signal };
  if (killed === 'output-limit') return { ...ended, reason: killed, exitCode, signal };
  if (ended.usage.oomKills > 0) return { ...ended, reason: 'oom', exitCode, signal };
  if (byKernel !== undefined) return { ...ended, reason: byKernel, exitCode, signal };
  if (ended.usage.pidsLimitHits > 0 && exitCode !== 0) return { ...ended, reason: 'pids-limit', exitCode, signal };
  if (exitCode !== null) return { ...ended, reason: 'exited', exitCode, signal: null };
  return { ...ended, reason: 'signaled', exitCode: null, signal: signal ?? 'SIGKILL' };
}
