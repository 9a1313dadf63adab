/** What a new process inherits and shouldn't: session, working directory, umask, and the OOM score of Node. */
import { flags, slot, struct, syscall, openFlags, type PlanContext, type Step } from '@haco/plan';
import type { ProcessSection } from './section.js';

const RESOLVE_NO_MAGICLINKS = 0x02;
const atCwd = flags({ AT_FDCWD: -100 }, 'AT_FDCWD');

export function planSession(section: ProcessSection, { host, facts }: PlanContext): readonly Step[] {
  const steps: Step[] = [];
  if (host.oomScoreAdj !== 0) {
    steps.push({
      id: 'process.oom-score',
      // In a mount namespace of others, /proc is what they made of it.
      phase: facts.entered.includes('mount') ? 'prepare' : 'identity',
      label: 'reset the OOM score',
      why: "Node's own score would be inherited, and decide wrongly who is killed when memory runs out",
      source: 'proc_pid_oom_score_adj(5)',
      from: 'process',
      operations: [
        syscall('openat', [atCwd, '/proc/self/oom_score_adj', flags(openFlags(host.arch), 'O_WRONLY', 'O_CLOEXEC')], {
          save: 'oom',
          tolerate: ['EACCES', 'ENOENT'],
          skipOnTolerated: 2,
        }),
        // Lowering it needs CAP_SYS_RESOURCE: whoever raised Node's score meant it for its children too then.
        syscall('write', [slot('oom'), '0', 1], { tolerate: ['EACCES', 'EPERM'] }),
        syscall('close', [slot('oom')]),
      ],
    });
  }
  // A terminal that is inherited belongs to the caller's session: job control there needs the same session.
  if (section.stdin !== 'inherit' && section.tty === undefined) {
    steps.push({
      id: 'process.session',
      phase: 'session',
      label: 'begin a session of its own',
      why: 'without one the container could push input into the terminal of Node (CVE-2017-5226)',
      source: 'setsid(2)',
      from: 'process',
      operations: [syscall('setsid', [])],
    });
  }
  steps.push({
    id: 'process.umask',
    phase: 'session',
    label: 'set the file mode mask to 022',
    why: "Node's own mask would be inherited, and a container should not depend on who starts it",
    source: 'umask(2)',
    from: 'process',
    // Printed as strace prints it.
    operations: [syscall('umask', [{ flags: ['022'], value: 0o022 }])],
  });
  if (section.workdir !== undefined) {
    steps.push({
      id: 'process.workdir',
      phase: 'session',
      label: `change to the working directory ${section.workdir}`,
      why: 'resolved in the new root and without magic links, so that no open descriptor of the host can be reached (CVE-2024-21626)',
      source: 'openat2(2)',
      from: 'process.workdir',
      operations: [
        syscall(
          'openat2',
          [
            atCwd,
            section.workdir,
            struct(
              { name: 'flags', type: 'u64', value: flags(openFlags(host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
              { name: 'mode', type: 'u64', value: 0 },
              { name: 'resolve', type: 'u64', value: flags({ RESOLVE_NO_MAGICLINKS }, 'RESOLVE_NO_MAGICLINKS') },
            ),
            24,
          ],
          { save: 'workdir' },
        ),
        syscall('fchdir', [slot('workdir')]),
        syscall('close', [slot('workdir')]),
      ],
    });
  }
  return steps;
}
