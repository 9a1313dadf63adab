/** How the kernel's scheduler treats the command: its policy, with what belongs to it. */
import {
  flags,
  issue,
  optional,
  readInteger,
  readList,
  readObject,
  readOneOf,
  struct,
  syscall,
  type Flags,
  type Issue,
  type ReadBy,
  type Step,
} from '@haco/plan';
import type { ProcessSection } from './section.js';

/** Policies of sched(7), by their names without the prefix. Number 4 is kept for SCHED_ISO, which no kernel has. */
const policies = {
  other: { name: 'SCHED_OTHER', number: 0 },
  batch: { name: 'SCHED_BATCH', number: 3 },
  idle: { name: 'SCHED_IDLE', number: 5 },
  fifo: { name: 'SCHED_FIFO', number: 1 },
  rr: { name: 'SCHED_RR', number: 2 },
  deadline: { name: 'SCHED_DEADLINE', number: 6 },
} as const;

/** A policy of the scheduler, as in `sched(7)` without the prefix, in lower case. */
export type SchedulerPolicy = keyof typeof policies;

/** Every policy. */
export const schedulerPolicies = Object.keys(policies) as readonly SchedulerPolicy[];

const flagBits = {
  reset_on_fork: 0x01,
  reclaim: 0x02,
  dl_overrun: 0x04,
  keep_policy: 0x08,
  keep_params: 0x10,
  util_clamp_min: 0x20,
  util_clamp_max: 0x40,
} as const;

/** A flag of `sched_setattr(2)`, without the prefix, in lower case. */
export type SchedulerFlag = keyof typeof flagBits;

/** Every flag. */
export const schedulerFlags = Object.keys(flagBits) as readonly SchedulerFlag[];

/** Their bits, by the names of the kernel. */
const kernelFlags = Object.fromEntries(
  schedulerFlags.map((flag) => [`SCHED_FLAG_${flag.toUpperCase()}`, flagBits[flag]] as const),
);

/** What `scheduler()` takes, and what the section holds. */
export const readScheduler = readObject({
  policy: readOneOf(schedulerPolicies),
  nice: optional(readInteger),
  priority: optional(readInteger),
  flags: optional(readList(readOneOf(schedulerFlags))),
  runtimeNs: optional(readInteger),
  deadlineNs: optional(readInteger),
  periodNs: optional(readInteger),
});

/** All parameters of all policies, of which some belong to one. */
type Parameters = ReadBy<typeof readScheduler>;

interface WithFlags {
  /** `util_clamp_min` and `util_clamp_max` clamp to 0, as there is no field for another value. */
  readonly flags?: readonly SchedulerFlag[];
}

/**
 * A policy of the scheduler, with the parameters that belong to it.
 *
 * @see sched_setattr(2), sched(7)
 */
export type SchedulerSpec =
  | (WithFlags & {
      readonly policy: 'other' | 'batch';
      /** -20 (most of the processor) to 19 (least); 0 without it. */
      readonly nice?: number;
    })
  | (WithFlags & { readonly policy: 'idle' })
  | (WithFlags & {
      readonly policy: 'fifo' | 'rr';
      /** 1 to 99, the highest first. */
      readonly priority: number;
    })
  | (WithFlags & {
      readonly policy: 'deadline';
      /** How long the command may run in each period, in nanoseconds, at least 1024. */
      readonly runtimeNs: number;
      /** Until when after the beginning of a period that is given, in nanoseconds. */
      readonly deadlineNs: number;
      /** Nanoseconds from one period to the next; the same as `deadlineNs` without it. */
      readonly periodNs?: number;
    });

const fair: readonly SchedulerPolicy[] = ['other', 'batch'];
const realtime: readonly SchedulerPolicy[] = ['fifo', 'rr'];

function onlyFor(
  key: string,
  value: unknown,
  policy: SchedulerPolicy,
  allowed: readonly SchedulerPolicy[],
): readonly Issue[] {
  if (value === undefined || allowed.includes(policy)) return [];
  const whose = allowed.map((each) => `"${each}"`).join(' and ');
  return [issue(`process.scheduler.${key}`, `means something for ${whose} only, not for "${policy}"; leave it out`)];
}

function deadlineIssues({ runtimeNs, deadlineNs, periodNs }: Parameters): readonly Issue[] {
  const at = (key: string, message: string): Issue => issue(`process.scheduler.${key}`, message);
  const issues: Issue[] = [];
  if (runtimeNs === undefined) issues.push(at('runtimeNs', 'is what "deadline" needs; write nanoseconds'));
  else if (runtimeNs < 1024) issues.push(at('runtimeNs', `${String(runtimeNs)} is too short; 1024 ns is the shortest`));
  if (deadlineNs === undefined) issues.push(at('deadlineNs', 'is what "deadline" needs; write nanoseconds'));
  else if (deadlineNs < (runtimeNs ?? 1))
    issues.push(at('deadlineNs', `${String(deadlineNs)} is shorter than the run time; make it at least as long`));
  if (periodNs !== undefined && periodNs < (deadlineNs ?? 1))
    issues.push(at('periodNs', `${String(periodNs)} is shorter than the deadline; make it at least as long`));
  return issues;
}

/** What is wrong with the scheduler of a section. */
export function schedulerIssues({ scheduler, init }: ProcessSection): readonly Issue[] {
  if (scheduler === undefined) return [];
  const issues: Issue[] = [];
  const read = readScheduler(scheduler, 'process.scheduler', issues);
  if (issues.length > 0) return issues;
  const { policy, nice, priority, runtimeNs, deadlineNs, periodNs } = read;
  issues.push(...onlyFor('nice', nice, policy, fair));
  if (fair.includes(policy) && nice !== undefined && (nice < -20 || nice > 19)) {
    issues.push(issue('process.scheduler.nice', `${String(nice)} is not a nice value; write -20 to 19`));
  }
  issues.push(...onlyFor('priority', priority, policy, realtime));
  if (realtime.includes(policy) && (priority === undefined || priority < 1 || priority > 99)) {
    const given = priority === undefined ? `is what "${policy}" needs` : `${String(priority)} is not a priority`;
    issues.push(issue('process.scheduler.priority', `${given}; write 1 to 99`));
  }
  for (const [key, value] of Object.entries({ runtimeNs, deadlineNs, periodNs })) {
    issues.push(...onlyFor(key, value, policy, ['deadline']));
  }
  if (policy === 'deadline') issues.push(...deadlineIssues(read));
  // The init has it then, and its child, the command, either can't be made (EAGAIN) or has lost it.
  if (init && policy === 'deadline') {
    issues.push(issue('process.scheduler.policy', '"deadline" is not inherited by a child of init(); leave one out'));
  }
  if (init && read.flags?.includes('reset_on_fork') === true) {
    issues.push(
      issue('process.scheduler.flags', '"reset_on_fork" takes the policy from a child of init(); leave one out'),
    );
  }
  return issues;
}

/** As people write it; two's complement for the kernel. */
function signed(value: number): Flags | number {
  return value < 0 ? { flags: [String(value)], value: value >>> 0 } : value;
}

function describe({ policy, nice, priority, runtimeNs, deadlineNs, periodNs }: Parameters): string {
  const { name } = policies[policy];
  if (priority !== undefined) return `${name}, priority ${String(priority)}`;
  if (runtimeNs !== undefined && deadlineNs !== undefined) {
    const times = `${String(runtimeNs)} ns within ${String(deadlineNs)} ns`;
    return `${name}, ${times}, every ${String(periodNs ?? deadlineNs)} ns`;
  }
  return fair.includes(policy) ? `${name}, nice ${String(nice ?? 0)}` : name;
}

/** The step: after the mounts and the joins of groups, whose quota for realtime processes counts, and before privileges go, as runc does. */
export function planScheduler({ scheduler }: ProcessSection): readonly Step[] {
  if (scheduler === undefined) return [];
  const { policy, nice = 0, priority = 0, runtimeNs = 0, deadlineNs = 0, periodNs = 0 }: Parameters = scheduler;
  const { name, number } = policies[policy];
  const names = (scheduler.flags ?? []).map((flag) => `SCHED_FLAG_${flag.toUpperCase()}`);
  // The structure of Linux 3.14 has 48 bytes; clamps came with 5.3, in 8 more.
  const clamps = names.some((flag) => flag.startsWith('SCHED_FLAG_UTIL_CLAMP'));
  const needsCapability = nice < 0 || realtime.includes(policy) || policy === 'deadline';
  return [
    {
      id: 'process.scheduler',
      phase: 'limits',
      label: `schedule it by ${describe(scheduler)}`,
      why: "Node's own policy would be inherited; set while the process may still raise it, before privileges are dropped",
      source: 'sched_setattr(2)',
      from: 'process.scheduler',
      ...(needsCapability ? { needs: [{ capability: 'sys_nice', over: 'host' }] } : {}),
      operations: [
        syscall('sched_setattr', [
          // Process 0 is the caller.
          0,
          struct(
            { name: 'size', type: 'u32', value: clamps ? 56 : 48 },
            { name: 'sched_policy', type: 'u32', value: flags({ [name]: number }, name) },
            { name: 'sched_flags', type: 'u64', value: names.length === 0 ? 0 : flags(kernelFlags, ...names) },
            { name: 'sched_nice', type: 'u32', value: signed(nice) },
            { name: 'sched_priority', type: 'u32', value: priority },
            { name: 'sched_runtime', type: 'u64', value: runtimeNs },
            { name: 'sched_deadline', type: 'u64', value: deadlineNs },
            { name: 'sched_period', type: 'u64', value: periodNs },
            ...(clamps
              ? ([
                  { name: 'sched_util_min', type: 'u32', value: 0 },
                  { name: 'sched_util_max', type: 'u32', value: 0 },
                ] as const)
              : []),
          ),
          0,
        ]),
      ],
    },
  ];
}
