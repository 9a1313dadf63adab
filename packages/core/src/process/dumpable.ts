/** With fewer privileges than it was born with, the container's process must be out of reach of those who have as few. */
import { flags, syscall, type PlanContext, type Step } from '@haco/plan';
import type { ProcessSection } from './section.js';

const PR_SET_DUMPABLE = flags({ PR_SET_DUMPABLE: 4 }, 'PR_SET_DUMPABLE');

/**
 * The step, between the change of user and that of the capabilities. Not earlier: setresuid(2) sets what it finds in
 * fs.suid_dumpable, and /proc/self of such a process belongs to root, so id maps and the OOM score are written before. Not later:
 * a capability that is dropped no longer keeps others away.
 */
export function planNonDumpable({ user }: ProcessSection, { facts }: PlanContext): readonly Step[] {
  if (user === undefined && !facts.keepsCapabilities) return [];
  return [
    {
      id: 'process.non-dumpable',
      phase: 'privileges',
      label: 'forbid others to trace this process before it is the command',
      why: 'it still shares memory with the launcher, and whoever has as few privileges as it is about to have could write there; executing the command ends this',
      source: 'PR_SET_DUMPABLE(2const)',
      from: user === undefined ? 'caps' : 'process.user',
      operations: [syscall('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0])],
    },
  ];
}
