/** What a new process inherits and shouldn't: session, working directory, umask, and the OOM score of Node. */
import { flags, openat2, openFlags, slot, syscall, type Flags, type PlanContext, type Step } from '@haco/plan';
import { atCwd } from './at-cwd.js';
import type { ProcessSection } from './section.js';

/** The mask of every command about which nothing was said. */
const usualMask = 0o022;

/** As strace prints it. */
function octal(mask: number): Flags {
  return { flags: [`0${mask.toString(8).padStart(2, '0')}`], value: mask };
}

/** The score of the OOM killer, where it isn't that of Node. */
function planScore({ oomScoreAdj }: ProcessSection, { host, facts }: PlanContext): readonly Step[] {
  const score = oomScoreAdj ?? 0;
  if (host.oomScoreAdj === score) return [];
  const asked = oomScoreAdj !== undefined;
  const lowers = score < host.oomScoreAdj;
  // In a mount namespace of others, /proc is what they made of it. In a user namespace, lowering takes a capability that it doesn't give, and the
  // file of a process that has become another user there belongs to root of the host.
  const early = facts.entered.includes('mount') || (asked && facts.unshared.includes('user'));
  // Lowering needs CAP_SYS_RESOURCE: whoever raised Node's score meant it for its children too, unless another was asked for.
  const lenient = (...errnos: readonly string[]) => (asked ? {} : { tolerate: errnos });
  return [
    {
      id: 'process.oom-score',
      phase: early ? 'prepare' : 'identity',
      label: asked ? `set the OOM score adjustment to ${String(score)}` : 'reset the OOM score',
      why: "Node's own score would be inherited, and decide wrongly who is killed when memory runs out",
      source: 'proc_pid_oom_score_adj(5)',
      from: asked ? 'process.oomScoreAdj' : 'process',
      ...(asked && lowers ? { needs: [{ capability: 'sys_resource', over: 'host' }] } : {}),
      operations: [
        syscall('openat', [atCwd, '/proc/self/oom_score_adj', flags(openFlags(host.arch), 'O_WRONLY', 'O_CLOEXEC')], {
          save: 'oom',
          ...lenient('EACCES', 'ENOENT'),
          ...(asked ? {} : { skipOnTolerated: 2 }),
        }),
        syscall('write', [slot('oom'), String(score), String(score).length], lenient('EACCES', 'EPERM')),
        syscall('close', [slot('oom')]),
      ],
    },
  ];
}

export function planSession(section: ProcessSection, context: PlanContext): readonly Step[] {
  const { host } = context;
  const { umask = usualMask } = section;
  const steps: Step[] = [...planScore(section, context)];
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
    label: `set the file mode mask to ${octal(umask).flags.join('')}`,
    why: "Node's own mask would be inherited, and a container should not depend on who starts it",
    source: 'umask(2)',
    from: section.umask === undefined ? 'process' : 'process.umask',
    operations: [syscall('umask', [octal(umask)])],
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
        openat2(
          atCwd,
          section.workdir,
          {
            open: flags(openFlags(host.arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC'),
            resolve: ['RESOLVE_NO_MAGICLINKS'],
          },
          { save: 'workdir' },
        ),
        syscall('fchdir', [slot('workdir')]),
        syscall('close', [slot('workdir')]),
      ],
    });
  }
  return steps;
}
