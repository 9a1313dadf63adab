/** Names and contents of cgroup files, as far as they can be checked without a host. */
import { quote } from '@haco/plan';
import { controllerWith, keyNamed } from './controllers/index.js';

/** Controllers of the kernel, v1 and v2: what a key begins with. */
export const controllerNames = [
  'blkio',
  'cpu',
  'cpuacct',
  'cpuset',
  'devices',
  'dmem',
  'freezer',
  'hugetlb',
  'io',
  'memory',
  'misc',
  'net_cls',
  'net_prio',
  'perf_event',
  'pids',
  'rdma',
] as const;

/** The controller of a key, e.g. `memory` of `memory.high`. */
export function controllerOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('.')));
}

const runsOnHost =
  'the kernel would run a program on the host, outside of the container, when the group gets empty (CVE-2022-0492), so haco never writes it; wait for the end of the container instead';

/** Files that every group has and nobody may set, with the reason and a way out. */
const forbidden: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/(^|\.)(release_agent|notify_on_release)$/, runsOnHost],
  [
    /(^|\.)(cgroup\.procs|cgroup\.threads|tasks)$/,
    'it moves processes, which haco does by itself; choose the group with cgroupParent()',
  ],
  [
    /^(cgroup\.subtree_control|cgroup\.clone_children|cgroup\.type|cgroup\.kill)$/,
    'haco writes it by itself where that is needed; leave it out',
  ],
  [
    /(^|\.)cgroup\.event_control$/,
    'it takes the numbers of open descriptors, which mean nothing in a spec; start() the container and take its events(), which register what they need',
  ],
];

/** Why a text isn't a key; undefined when it is one. */
export function keyProblem(key: string): string | undefined {
  const reason = forbidden.find(([pattern]) => pattern.test(key))?.[1];
  if (reason !== undefined) return `${quote(key)} can't be set: ${reason}`;
  if (!/^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+$/.test(key)) {
    return `${quote(key)} is not a cgroup key; write <controller>.<file>, e.g. "memory.high"`;
  }
  const controller = controllerOf(key);
  if ((controllerNames as readonly string[]).includes(controller)) return undefined;
  if (controllerWith(key)?.keys[key] !== undefined) return undefined;
  return `${quote(key)} belongs to no controller that haco knows; the controllers are ${controllerNames.join(', ')}`;
}

/** Files of v1 that say "no limit" by -1. v2, and the pids controller of both, say `max`. */
const unlimitedByMinusOne =
  /^(memory\.(limit|soft_limit|(memsw|kmem|kmem\.tcp)\.limit)_in_bytes|hugetlb\.\w+(\.rsvd)?\.limit_in_bytes|cpu\.(cfs_quota|rt_runtime)_us)$/;

/** Files that hold no amount: a nice value, a level of the scheduler. */
const signed: readonly string[] = ['cpu.weight.nice', 'cpuset.sched_relax_domain_level'];

/** Why a number below 0 is no limit; undefined when it is none, or nothing is known of the key. */
function negativeProblem(key: string, value: string): string | undefined {
  const number = /^\s*(-\d\S*)/.exec(value)?.[1];
  if (number === undefined || signed.includes(key) || keyNamed(key) === undefined) return undefined;
  const byMinusOne = unlimitedByMinusOne.test(key);
  if (byMinusOne && number === '-1') return undefined;
  const none = byMinusOne ? ', or -1 for no limit' : /\.(max|high|low|min)$/.test(key) ? ', or "max" for no limit' : '';
  return `${number} is below 0, which means nothing to ${key}; give 0 or more${none}`;
}

/** Why a text can't be written to a cgroup file; undefined when it can. */
export function valueProblem(key: string, value: string): string | undefined {
  if (/^[\x20-\x7e]{1,4000}$/.test(value)) return negativeProblem(key, value);
  return `${quote(value)} is not a value of a cgroup file; use 1 to 4000 printable ASCII characters`;
}

/** Whether a group of this name would stand where the kernel has a file of its own. */
export function isInterfaceFile(name: string): boolean {
  if (['tasks', 'notify_on_release', 'release_agent'].includes(name)) return true;
  const controller = controllerOf(name);
  return controller === 'cgroup' || (controllerNames as readonly string[]).includes(controller);
}
