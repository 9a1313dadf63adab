/** Names and contents of cgroup files, as far as they can be checked without a host. */
import { quote } from '@haco/plan';

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

/** Why a text isn't a key; undefined when it is one. */
export function keyProblem(key: string): string | undefined {
  if (!/^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+$/.test(key)) {
    return `${quote(key)} is not a cgroup key; write <controller>.<file>, e.g. "memory.high"`;
  }
  const controller = controllerOf(key);
  if ((controllerNames as readonly string[]).includes(controller)) return undefined;
  return `${quote(key)} belongs to no controller that haco knows; the controllers are ${controllerNames.join(', ')}`;
}

/** Why a text can't be written to a cgroup file; undefined when it can. */
export function valueProblem(value: string): string | undefined {
  if (/^[\x20-\x7e]{1,4000}$/.test(value)) return undefined;
  return `${quote(value)} is not a value of a cgroup file; use 1 to 4000 printable ASCII characters`;
}

/** Whether a group of this name would stand where the kernel has a file of its own. */
export function isInterfaceFile(name: string): boolean {
  if (['tasks', 'notify_on_release', 'release_agent'].includes(name)) return true;
  const controller = controllerOf(name);
  return controller === 'cgroup' || (controllerNames as readonly string[]).includes(controller);
}
