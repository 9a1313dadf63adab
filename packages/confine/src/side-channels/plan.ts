/** The steps, and what a host can't do of them. */
import {
  flags,
  syscall,
  type ConfinementFacts,
  type Enforcement,
  type HostFacts,
  type Operation,
  type PlanContext,
  type SpeculationControl,
  type Step,
  type Warning,
} from '@haco/plan';
import { speculations, type SideChannelSection, type Speculation } from './section.js';

const PR_SCHED_CORE = flags({ PR_SCHED_CORE: 62 }, 'PR_SCHED_CORE');
const PR_SCHED_CORE_CREATE = flags({ PR_SCHED_CORE_CREATE: 1 }, 'PR_SCHED_CORE_CREATE');
const PR_SCHED_CORE_SCOPE_THREAD_GROUP = flags(
  { PR_SCHED_CORE_SCOPE_THREAD_GROUP: 1 },
  'PR_SCHED_CORE_SCOPE_THREAD_GROUP',
);
const PR_GET_SPECULATION_CTRL = flags({ PR_GET_SPECULATION_CTRL: 52 }, 'PR_GET_SPECULATION_CTRL');
const PR_SET_SPECULATION_CTRL = flags({ PR_SET_SPECULATION_CTRL: 53 }, 'PR_SET_SPECULATION_CTRL');
const which = { PR_SPEC_STORE_BYPASS: 0, PR_SPEC_INDIRECT_BRANCH: 1, PR_SPEC_L1D_FLUSH: 2 } as const;
const state = { PR_SPEC_ENABLE: 2, PR_SPEC_FORCE_DISABLE: 8 } as const;

interface Row {
  readonly fact: keyof ConfinementFacts['speculation'];
  readonly which: keyof typeof which;
  /** Disabled by force, execve(2) and the process itself can't bring it back; flushing is something that is enabled. */
  readonly state: keyof typeof state;
}

const rows = {
  'store-bypass': { fact: 'storeBypass', which: 'PR_SPEC_STORE_BYPASS', state: 'PR_SPEC_FORCE_DISABLE' },
  'indirect-branch': { fact: 'indirectBranch', which: 'PR_SPEC_INDIRECT_BRANCH', state: 'PR_SPEC_FORCE_DISABLE' },
  'l1d-flush': { fact: 'l1dFlush', which: 'PR_SPEC_L1D_FLUSH', state: 'PR_SPEC_ENABLE' },
} as const satisfies Readonly<Record<Speculation, Row>>;

function controlOf(what: Speculation, host: HostFacts): SpeculationControl {
  return host.confinement?.speculation[rows[what].fact] ?? 'uncontrollable';
}

/** What is to be done; of "all" what can be, unless that is nothing. */
function asked({ speculation = [] }: SideChannelSection, host: HostFacts): readonly Speculation[] {
  if (speculation !== 'all') return speculations.filter((what) => speculation.includes(what));
  const possible = speculations.filter((what) => controlOf(what, host) !== 'uncontrollable');
  return possible.length === 0 ? speculations : possible;
}

function impossible(section: SideChannelSection, host: HostFacts): readonly Speculation[] {
  return asked(section, host).filter((what) => controlOf(what, host) === 'uncontrollable');
}

function operation(what: Speculation, host: HostFacts): Operation {
  const row = rows[what];
  const about = flags(which, row.which);
  switch (controlOf(what, host)) {
    case 'not-affected':
      // Asked again where it counts: this processor, this kernel.
      return syscall('prctl', [PR_GET_SPECULATION_CTRL, about, 0, 0, 0], { expect: 0 });
    case 'mitigated':
      return syscall('prctl', [PR_GET_SPECULATION_CTRL, about, 0, 0, 0]);
    case 'controllable':
    case 'uncontrollable':
      return syscall('prctl', [PR_SET_SPECULATION_CTRL, about, flags(state, row.state), 0, 0]);
  }
}

function isLax({ degrade = [] }: SideChannelSection, what: 'coreScheduling' | 'speculation'): boolean {
  return degrade.includes(what);
}

function hasCores(host: HostFacts): boolean {
  return host.confinement !== undefined && host.confinement.coreScheduling !== 'absent';
}

/** The steps. */
export function planSideChannels(section: SideChannelSection, { host }: PlanContext): readonly Step[] {
  const cores = section.coreScheduling === true && (hasCores(host) || !isLax(section, 'coreScheduling'));
  const left = isLax(section, 'speculation') ? impossible(section, host) : [];
  const done = asked(section, host).filter((what) => !left.includes(what));
  return [
    ...(cores
      ? [
          {
            id: 'side-channels.core-scheduling',
            phase: 'confine',
            label: 'share no core with others at the same time',
            why: 'hardware threads of a core share caches and buffers; a cookie of its own, which its children inherit, keeps others away',
            from: 'sideChannels.coreScheduling',
            source: 'PR_SCHED_CORE(2const)',
            operations: [
              // ENODEV: no core of this machine has more than one hardware thread.
              syscall('prctl', [PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0], {
                tolerate: ['ENODEV'],
              }),
            ],
            enforces: ['coreScheduling'],
          } as const,
        ]
      : []),
    ...(done.length === 0
      ? []
      : [
          {
            id: 'side-channels.speculation',
            phase: 'confine',
            label: `give up speculation: ${done.join(', ')}`,
            why: 'what a processor does ahead of time leaves traces that others can measure',
            from: 'sideChannels.speculation',
            source: 'PR_SET_SPECULATION_CTRL(2const)',
            operations: done.map((what) => operation(what, host)),
            enforces: ['speculation'],
          } as const,
        ]),
  ];
}

/** What will fail. */
export function checkSideChannels(section: SideChannelSection, { host }: PlanContext): readonly Warning[] {
  const lost = isLax(section, 'speculation') ? [] : impossible(section, host);
  return [
    ...(section.coreScheduling === true && !hasCores(host) && !isLax(section, 'coreScheduling')
      ? [
          {
            step: 'side-channels.core-scheduling',
            kind: 'unsupported',
            message:
              'This kernel has no core scheduling (Linux 5.14, CONFIG_SCHED_CORE); check with "grep SCHED_CORE /boot/config-$(uname -r)", leave coreScheduling() out, or allow to go on without it by { degrade: true }.',
          } as const,
        ]
      : []),
    ...(lost.length === 0
      ? []
      : [
          {
            step: 'side-channels.speculation',
            kind: 'unsupported',
            message: `This kernel leaves processes no choice about ${lost.join(', ')}; check with "grep -i speculat /proc/self/status", boot with spec_store_bypass_disable=prctl, spectre_v2_user=prctl or l1d_flush=on, or allow to go on without it by { degrade: true }.`,
          } as const,
        ]),
  ];
}

/** What is left out because that is allowed. */
export function degradationsOf(
  section: SideChannelSection,
  { host }: PlanContext,
): Readonly<Record<string, Enforcement>> {
  const lost = isLax(section, 'speculation') ? impossible(section, host) : [];
  const all = lost.length === asked(section, host).length;
  return {
    ...(section.coreScheduling === true && isLax(section, 'coreScheduling') && !hasCores(host)
      ? { coreScheduling: 'refused' }
      : {}),
    ...(lost.length === 0 ? {} : { speculation: all ? 'refused' : 'degraded' }),
  };
}
