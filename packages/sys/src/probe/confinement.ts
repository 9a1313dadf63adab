/** What of a host can confine a process: Landlock, other security modules, core scheduling, control of speculation. */
import type { ConfinementFacts, SpeculationControl } from '@haco/plan';
import { errnoNumber } from '../errno.js';
import type { HostReader } from './host-reader.js';

type Probe = Pick<HostReader, 'read' | 'exists' | 'call'>;

const LANDLOCK_CREATE_RULESET_VERSION = 1;
const PR_GET_SPECULATION_CTRL = 52;
const PR_SCHED_CORE = 62;
const PR_SCHED_CORE_GET = 0;

/** 0 where the call is unknown, Landlock is switched off, or an outer filter forbids it. */
function landlockAbi({ call }: Probe): number {
  return Math.max(0, call('landlock_create_ruleset', null, 0, LANDLOCK_CREATE_RULESET_VERSION) ?? 0);
}

/** Until a policy is loaded SELinux calls every process `kernel`, takes any label, and confines nothing. */
function hasPolicy(host: Probe): boolean {
  return host.read('/proc/self/attr/current')?.replace('\0', '').trim() !== 'kernel';
}

function securityModules(host: Probe, abi: number): readonly string[] {
  const list = host.read('/sys/kernel/security/lsm')?.trim();
  if (list !== undefined && list !== '') return list.split(',').filter((name) => name !== 'selinux' || hasPolicy(host));
  // Without securityfs: signs that each of them leaves elsewhere.
  return [
    ...(abi > 0 ? ['landlock'] : []),
    ...(host.read('/sys/module/apparmor/parameters/enabled')?.trim() === 'Y' ? ['apparmor'] : []),
    ...(host.exists('/sys/fs/selinux/enforce') ? ['selinux'] : []),
  ];
}

function coreScheduling({ call }: Probe): ConfinementFacts['coreScheduling'] {
  // The address 0 is refused only after everything else was looked at (EFAULT).
  const result = call('prctl', PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, 0, 0);
  if (result === -(errnoNumber('EFAULT') ?? 0)) return 'available';
  return result === -(errnoNumber('ENODEV') ?? 0) ? 'no-siblings' : 'absent';
}

/** An operation that doesn't exist: kernels with keyrings say so, others and outer filters don't know the call. */
function keyrings({ call }: Probe): boolean {
  return call('keyctl', 0xffff, 0, 0, 0, 0) === -(errnoNumber('EOPNOTSUPP') ?? 0);
}

/** Whether the L1 cache is flushed is the process's own choice, or it never is. */
function l1dFlush({ call }: Probe): SpeculationControl {
  const state = call('prctl', PR_GET_SPECULATION_CTRL, 2, 0, 0, 0) ?? -1;
  return state >= 0 && state % 2 === 1 ? 'controllable' : 'uncontrollable';
}

/** PR_SPEC_PRCTL is bit 0, PR_SPEC_ENABLE bit 1: it speculates, and the process can't change that unless bit 0 is set. */
function speculation({ call }: Probe, which: number): SpeculationControl {
  const state = call('prctl', PR_GET_SPECULATION_CTRL, which, 0, 0, 0);
  if (state === undefined || state < 0) return 'uncontrollable';
  if (state === 0) return 'not-affected';
  if (state % 2 === 1) return 'controllable';
  return state === 2 ? 'uncontrollable' : 'mitigated';
}

/** The facts. */
export function probeConfinement(host: Probe): ConfinementFacts {
  const abi = landlockAbi(host);
  return {
    landlockAbi: abi,
    securityModules: securityModules(host, abi),
    keyrings: keyrings(host),
    coreScheduling: coreScheduling(host),
    speculation: {
      storeBypass: speculation(host, 0),
      indirectBranch: speculation(host, 1),
      l1dFlush: l1dFlush(host),
    },
  };
}
