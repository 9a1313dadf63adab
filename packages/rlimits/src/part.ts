/** The part `rlimits`: its section, verb, checks and steps in one value. */
import {
  issue,
  optional,
  readEither,
  readInteger,
  readJson,
  readObject,
  readOneOf,
  struct,
  syscall,
  type Flags,
  type Issue,
  type Part,
  type PlanContext,
  type Step,
  type Warning,
} from '@haco/plan';
import { rlimitKinds, type RlimitKind } from './kinds.js';
import type { RlimitMethods } from './methods.js';
import type { Rlimit, RlimitsSection, RlimitValue } from './section.js';
import { isAbove, limitProblem } from './value.js';
import { verbs } from './verbs.js';

const readValue = readEither((json) => json === 'unlimited', readOneOf(['unlimited']), readInteger);
const readLimit = optional(readObject({ soft: readValue, hard: readValue }));
const readSection = readObject({
  cpu: readLimit,
  fsize: readLimit,
  data: readLimit,
  stack: readLimit,
  core: readLimit,
  rss: readLimit,
  nproc: readLimit,
  nofile: readLimit,
  memlock: readLimit,
  as: readLimit,
  locks: readLimit,
  sigpending: readLimit,
  msgqueue: readLimit,
  nice: readLimit,
  rtprio: readLimit,
  rttime: readLimit,
} satisfies Readonly<Record<RlimitKind, typeof readLimit>>);

/** In the order of the table, so that a spec means the same plan however its keys are ordered. */
function entries(section: RlimitsSection): readonly (readonly [RlimitKind, Rlimit])[] {
  return (Object.keys(rlimitKinds) as readonly RlimitKind[]).flatMap((kind) => {
    const limit = section[kind];
    return limit === undefined ? [] : [[kind, limit] as const];
  });
}

function validate(section: RlimitsSection): readonly Issue[] {
  return entries(section).flatMap(([kind, limit]) => {
    const problem = limitProblem(limit);
    return problem === undefined ? [] : [issue(`rlimits.${kind}`, problem)];
  });
}

// RLIM_INFINITY is all ones.
function arg(value: RlimitValue): number | Flags {
  return value === 'unlimited' ? { flags: ['RLIM64_INFINITY'], value: -1 } : value;
}

function planLimit([kind, { soft, hard }]: readonly [RlimitKind, Rlimit]): Step {
  const { number, limits } = rlimitKinds[kind];
  const limit = struct(
    { name: 'rlim_cur', type: 'u64', value: arg(soft) },
    { name: 'rlim_max', type: 'u64', value: arg(hard) },
  );
  return {
    id: `rlimits.${kind}`,
    phase: 'limits',
    label: `limit ${kind} to ${String(soft)}${soft === hard ? '' : `, at most ${String(hard)}`}`,
    why: `limits ${limits}`,
    from: `rlimits.${kind}`,
    // Process 0 is the caller.
    operations: [syscall('prlimit64', [0, { flags: [`RLIMIT_${kind.toUpperCase()}`], value: number }, limit, 0])],
    source: 'getrlimit(2)',
    enforces: [`rlimit:${kind}`],
  };
}

function check({ nofile }: RlimitsSection, { host }: PlanContext): readonly Warning[] {
  if (nofile === undefined || !isAbove(nofile.hard, host.nrOpen)) return [];
  return [
    {
      step: 'rlimits.nofile',
      kind: 'permission',
      message: `A process may have at most ${String(host.nrOpen)} descriptors here, less than the ${String(nofile.hard)} of rlimit("nofile"); lower it, or raise the host's limit with "sysctl -w fs.nr_open=…".`,
    },
  ];
}

/** Resource limits. They are set before capabilities go, and a later change of user keeps them. */
export const rlimits = {
  key: 'rlimits',
  empty: {},
  verbs,
  parse: (json) => readJson(readSection, json),
  validate,
  plan: (section) => entries(section).map(planLimit),
  check,
} as const satisfies Part<'rlimits', RlimitsSection, RlimitMethods>;
