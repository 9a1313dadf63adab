/** The steps that load the filters: the last before the command. */
import { isKernelAtLeast, flags, struct, syscall, type Arg, type Flags, type PlanContext, type Step } from '@haco/plan';
import type { CompiledFilter, SeccompFilter, SeccompSection } from './section.js';
import { filterFlags } from './words.js';

const SECCOMP_SET_MODE_FILTER = flags({ SECCOMP_SET_MODE_FILTER: 1 }, 'SECCOMP_SET_MODE_FILTER');
const PR_SET_DUMPABLE = flags({ PR_SET_DUMPABLE: 4 }, 'PR_SET_DUMPABLE');
const listenerFlags = { SECCOMP_FILTER_FLAG_NEW_LISTENER: 8, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32 } as const;

/** Barriers about the descriptor by which the kernel asks: at the first Node begins to look for it, at the second it must have it. */
export const listenerBarriers = { look: 'seccomp-look', ready: 'seccomp-ready' } as const;

/** Ids of the steps. */
export const stepIds = {
  listen: 'seccomp.listen',
  ask: 'seccomp.ask',
  filter: (index: number) => `seccomp.filter-${String(index)}`,
};

/** Stands in plans for other machines, where no program can be made: it is never performed. */
function unknown(name: string): Flags {
  return { flags: [`<${name}>`], value: 0 };
}

/** `struct sock_fprog`. */
function program(compiled: CompiledFilter | undefined): Arg {
  return struct(
    { name: 'len', type: 'u16', value: compiled?.length ?? unknown('length') },
    { name: 'pad', type: 'u16', value: 0 },
    { name: 'pad', type: 'u32', value: 0 },
    { name: 'filter', type: 'u64', value: compiled === undefined ? unknown('program') : { bytes: compiled.program } },
  );
}

/** Whether a filter may be loaded when all privileges are given up: with no_new_privs, or with CAP_SYS_ADMIN among what is kept. */
function mayLoadLate({ host, facts }: PlanContext): boolean {
  if (facts.noNewPrivileges || host.noNewPrivileges) return true;
  if (!holdsAdmin({ host, facts })) return false;
  const kept = facts.effectiveSet ?? facts.boundingSet;
  if (kept !== undefined) return kept.includes('sys_admin');
  // Whoever stops being root loses what is effective.
  return facts.uid === undefined || facts.uid === 0;
}

/** Whether it may be loaded before that. */
export function holdsAdmin({ host, facts }: PlanContext): boolean {
  return facts.unshared.includes('user') || facts.entered.includes('user') || host.capabilities.includes('sys_admin');
}

function describe(filter: SeccompFilter): string {
  if ('preset' in filter) return `the profile ${filter.preset}`;
  return 'file' in filter ? `the profile ${filter.file}` : 'a profile of its own';
}

/** Whether Node answers calls. */
export function asks({ answered = [], learn }: SeccompSection): boolean {
  return answered.length > 0 || learn === true;
}

/** Whether a section asks for anything. */
export function isAsked(section: SeccompSection): boolean {
  return (section.filters?.length ?? 0) > 0 || asks(section);
}

/**
 * The steps. First the filter that asks, while seccomp(2) itself is not yet filtered; where a later filter refuses a call, nobody
 * is asked: the kernel takes the strictest answer.
 */
export function planSeccomp(section: SeccompSection, context: PlanContext): readonly Step[] {
  if (!isAsked(section)) return [];
  const { host, facts } = context;
  const late = mayLoadLate(context);
  const place = late
    ? ({ phase: 'filter', source: 'seccomp(2)' } as const)
    : ({ phase: 'limits', source: 'seccomp(2)', needs: [{ capability: 'sys_admin', over: 'container' }] } as const);
  const when = late
    ? 'last of all, so that it need not allow the set-up'
    : 'while it holds CAP_SYS_ADMIN, which a filter without no_new_privs takes; what gives up privileges must pass it';
  const { filters = [], answered = [], learn } = section;
  const names = answered.map(({ name }) => name).join(', ');
  const killable = isKernelAtLeast(host.kernel, '5.19');
  const listen = flags(
    listenerFlags,
    'SECCOMP_FILTER_FLAG_NEW_LISTENER',
    ...(killable ? (['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] as const) : []),
  );
  const from = learn === true ? 'seccomp.learn' : 'seccomp.answered';
  const asking: readonly Step[] = [
    {
      id: stepIds.listen,
      // The socket to Node is still open in this phase, and nothing is filtered.
      phase: late ? 'confine' : 'limits',
      label: 'let Node look for the listener',
      why: 'Node takes the descriptor by which the kernel asks out of this process, which may be stopped by its own filter as soon as it has it',
      from,
      source: 'pidfd_getfd(2)',
      operations: [
        // Node without root may look into this process only when it is dumpable, whatever happened to its ids.
        ...(host.euid !== 0 && (facts.keepsCapabilities || facts.uid !== undefined)
          ? [syscall('prctl', [PR_SET_DUMPABLE, 1, 0, 0, 0])]
          : []),
        { op: 'barrier', name: listenerBarriers.look },
      ],
    },
    {
      ...place,
      id: stepIds.ask,
      label: learn === true ? 'ask Node about every system call' : `ask Node about ${names}`,
      why: learn === true ? 'it notes them and lets them happen' : `functions of the caller answer them; ${when}`,
      from,
      operations: [
        syscall('seccomp', [SECCOMP_SET_MODE_FILTER, listen, program(section.asking)]),
        // By now each call may be asked about, also those of this barrier: Node lets happen what is the launcher's.
        { op: 'barrier', name: listenerBarriers.ready },
      ],
      enforces: learn === true ? [] : ['onSyscall'],
    },
  ];
  return [
    ...(asks(section) ? asking : []),
    ...(learn === true ? [] : filters).map((filter, index): Step => {
      const words = filter.flags ?? ('profile' in filter ? filter.profile.flags : undefined) ?? [];
      return {
        ...place,
        id: stepIds.filter(index),
        label: `filter system calls by ${describe(filter)}`,
        why: index === 0 ? `the kernel does only what the command needs; ${when}` : 'a call must pass all filters',
        from: `seccomp.filters[${String(index)}]`,
        operations: [
          syscall('seccomp', [
            SECCOMP_SET_MODE_FILTER,
            words.length === 0 ? 0 : flags(filterFlags, ...words),
            program(filter.compiled),
          ]),
        ],
        enforces: ['seccomp'],
      };
    }),
  ];
}
