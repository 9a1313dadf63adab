/** From the launcher's report to the outcome: counters, enforcement, and what could not be undone. */
import { err, ok, type Result } from 'neverthrow';
import { parseCgroupReport } from '@haco/cgroups';
import { IoError, type Enforcement, type HacoError, type Plan, type Step } from '@haco/plan';
import { failureError, type LaunchEnd } from '@haco/sys';
import { decide, type Outcome, type Usage } from '../outcome.js';
import { cpuLimitsOf, endedByCpuLimit } from './cpu-limit.js';
import type { Killer } from './killer.js';
import { filled } from './blanks.js';
import type { PlannedStart } from './plan-start.js';

type Enforcements = Readonly<Record<string, Enforcement>>;

interface Enforced {
  /** What is in force unless a step was refused: shared by all outcomes. */
  readonly all: Enforcements;
  /** Steps that tell whether they were refused. */
  readonly doubtful: readonly Step[];
}

const enforcedBy = new WeakMap<Plan, Enforced>();

const named = (steps: readonly Step[], how: Enforcement): Enforcements =>
  Object.fromEntries(steps.flatMap(({ enforces = [] }) => enforces.map((name) => [name, how] as const)));

/** The same for every start of a plan. */
function enforcedOf(plan: Plan): Enforced {
  let enforced = enforcedBy.get(plan);
  if (enforced === undefined) {
    const doubtful = plan.steps.filter(({ confirmedBy }) => confirmedBy !== undefined);
    const all = Object.freeze({ ...named(plan.steps, 'enforced'), ...plan.degradations });
    enforcedBy.set(plan, (enforced = { all, doubtful }));
  }
  return enforced;
}

function enforcement(plan: Plan, { outs }: LaunchEnd): Enforcements {
  const { all, doubtful } = enforcedOf(plan);
  // A step that was refused has ended the start, unless it says how to tell: what else is in the plan is in force.
  const refused = doubtful.filter(({ confirmedBy = '' }) => (outs.get(confirmedBy)?.[0] ?? 0) === 0);
  // A limit of several steps is in force when all of them are.
  return refused.length === 0 ? all : { ...all, ...named(refused, 'refused'), ...plan.degradations };
}

const SIGKILL = 9;

/**
 * Kills for want of memory, of a process that joined a container. The container's groups count for all its processes: only when this
 * one ended as after such a kill, or passes such an end of its child on, as shells do, it is said to be one.
 */
function joinedOomKills({ signal, exitCode }: LaunchEnd, killer: Killer): number {
  if (killer.sent.has(SIGKILL) || (signal !== SIGKILL && exitCode !== 128 + SIGKILL)) return 0;
  return killer.oomKills();
}

function usageOf(end: LaunchEnd, killer: Killer): Usage {
  const report = end.outs.size === 0 ? {} : parseCgroupReport(end.outs);
  return {
    userMs: report.userMs ?? end.usage.userMs,
    systemMs: report.systemMs ?? end.usage.systemMs,
    memoryPeakBytes: report.memoryPeakBytes ?? end.usage.maxRssBytes,
    oomKills: report.oomKills ?? joinedOomKills(end, killer),
    pidsLimitHits: report.pidsLimitHits ?? 0,
    throttledMs: report.throttledMs ?? 0,
    ...(report.ioReadBytes === undefined ? {} : { ioReadBytes: report.ioReadBytes }),
    ...(report.ioWriteBytes === undefined ? {} : { ioWriteBytes: report.ioWriteBytes }),
  };
}

const SIGSYS = 31;

/** Whether a filter of the plan ended the command, or its child, as shells tell it; not when somebody sent that signal. */
function endedByFilter(
  { steps }: Plan,
  { signal, exitCode }: Pick<LaunchEnd, 'signal' | 'exitCode'>,
  sent: ReadonlySet<number>,
): boolean {
  if (sent.has(SIGSYS) || (signal !== SIGSYS && exitCode !== 128 + SIGSYS)) return false;
  return steps.some(({ operations }) => operations.some((one) => one.op === 'syscall' && one.name === 'seccomp'));
}

/** The outcome of a container that has ended. */
export function outcomeOf(
  planned: PlannedStart,
  end: LaunchEnd,
  killer: Killer,
  text: { stdout: string; stderr: string },
  beganMs: number,
): Result<Outcome, HacoError> {
  if (killer.error !== undefined) return err(killer.error);
  if (end.undoFailure !== undefined) {
    const failure = filled(end.undoFailure, planned.blanks);
    const { step, errno } = failure;
    return err(new IoError({ what: `${step.label} of`, path: planned.name, errno, hint: failureError(failure).hint }));
  }
  const ended = {
    ...text,
    durationMs: performance.now() - beganMs,
    usage: usageOf(end, killer),
    enforced: enforcement(planned.plan, end),
    steps: end.steps,
  };
  const { userMs, systemMs } = end.usage;
  const cpuLimited = endedByCpuLimit({
    exitCode: end.exitCode,
    signal: end.signal,
    cpuMs: userMs + systemMs,
    limits: () => cpuLimitsOf(killer.rlimits),
    sent: killer.sent,
  });
  const byKernel = cpuLimited ? 'cpu-timeout' : endedByFilter(planned.plan, end, killer.sent) ? 'seccomp' : undefined;
  return ok(decide(ended, end, killer.reason, byKernel));
}
