/** The one order that all parts share: what happens to a container, from outside to inside. */

/**
 * The phases of a start, in the order in which they run. Each border is there for a reason:
 *
 * | phase | runs in | why here |
 * | --- | --- | --- |
 * | `prepare` | launcher | host paths are opened and groups are made while the host is still visible |
 * | `join` | launcher | `setns(2)` of a pid, user or time namespace only counts for children, so before the clone |
 * | `clone` | launcher | all new namespaces come from one `clone3(2)`: a user namespace owns the others only then |
 * | `parent` | launcher | id maps, persisted namespaces: need the child's pid and the parent's privileges; the child waits |
 * | `identity` | container | become root of a new user namespace before anything is mounted by it |
 * | `mounts` | container | the tree is built beside the old root, by fd, while the sources are still reachable |
 * | `root` | container | from here on no host path exists (CVE-2019-5736, CVE-2021-30465) |
 * | `session` | container | hostname, terminal, working directory: need the new root, still need privileges |
 * | `limits` | container | rlimits after the mounts, which may need more than the limits allow |
 * | `privileges` | container | capabilities go only when nothing privileged is left to do (DESIGN §7.5) |
 * | `confine` | container | what can't be taken back follows all that needs to be free, and may still use open descriptors |
 * | `handover` | container | bound to Node's life; descriptors are closed right before the command (CVE-2024-21626) |
 * | `filter` | container | filters of system calls last, so that they need not allow the set-up itself |
 * | `exec` | container | the command, and the init that stays with it: both under the filters |
 * | `undo` | launcher | counters are read, then groups removed, after the container ended or failed |
 */
export const phases = [
  'prepare',
  'join',
  'clone',
  'parent',
  'identity',
  'mounts',
  'root',
  'session',
  'limits',
  'privileges',
  'confine',
  'handover',
  'filter',
  'exec',
  'undo',
] as const;

/** One of {@link phases}. */
export type Phase = (typeof phases)[number];

const launcherPhases: ReadonlySet<Phase> = new Set(['prepare', 'join', 'clone', 'parent', 'undo']);

/** Which process performs the steps of a phase: the launcher on the host side, or the container's first process. */
export function processOf(phase: Phase): 'launcher' | 'container' {
  return launcherPhases.has(phase) ? 'launcher' : 'container';
}
