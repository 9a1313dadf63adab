/** What coreScheduling() and speculation() ask of the kernel, and of the host. */
import type { Rejected } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { callsOf, contextOf, hostWith } from '../fixture.js';
import { sideChannels } from './part.js';
import type { SideChannelSection, Speculation } from './section.js';

const { coreScheduling, speculation } = sideChannels.verbs;
const nothing = hostWith({
  coreScheduling: 'absent',
  speculation: { storeBypass: 'uncontrollable', indirectBranch: 'uncontrollable', l1dFlush: 'uncontrollable' },
});
const calls = (section: SideChannelSection, host = hostWith({})) =>
  callsOf(sideChannels.plan(section, contextOf(host)));
const answers = (section: SideChannelSection, host = hostWith({})) => ({
  warnings: sideChannels.check(section, contextOf(host)).map(({ step, message }) => `${step}: ${message}`),
  degradations: sideChannels.degradations(section, contextOf(host)),
});

describe('the verbs', () => {
  test('add up, and remember what may be left out', () => {
    const first = speculation({}, 'l1d-flush', 'store-bypass');
    expect(first).toEqual({ speculation: ['store-bypass', 'l1d-flush'] });
    expect(speculation(first as SideChannelSection, { degrade: true })).toEqual({
      speculation: 'all',
      degrade: ['speculation'],
    });
    const both = coreScheduling({ degrade: ['speculation'] }, { degrade: true });
    expect(both).toEqual({ coreScheduling: true, degrade: ['speculation', 'coreScheduling'] });
    expect(coreScheduling(both, { degrade: false })).toMatchObject({ degrade: ['speculation'] });
    expect(sideChannels.parse(JSON.parse(JSON.stringify(both)))._unsafeUnwrap()).toEqual(both);
  });

  test('an unknown word is refused with its place', () => {
    const { issues } = speculation({}, 'store-bypass', 'meltdown' as Speculation) as Rejected;
    expect(issues).toEqual([
      {
        path: 'sideChannels.speculation[1]',
        message: '"meltdown" is none of store-bypass, indirect-branch, l1d-flush',
      },
    ]);
    const parsed = sideChannels.parse({ coreScheduling: 1, speculation: ['x'] })._unsafeUnwrapErr();
    expect(parsed.map(({ path }) => path)).toEqual(['coreScheduling', 'speculation[0]']);
  });
});

describe('the plan', () => {
  test('of core scheduling', () => {
    expect(calls({ coreScheduling: true })).toEqual([
      'prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0)   or ENODEV',
    ]);
    expect(calls({ coreScheduling: true }, hostWith({ coreScheduling: 'no-siblings' }))).toHaveLength(1);
    expect(calls({})).toEqual([]);
  });

  test('of speculation: what can be given up is given up by force, what needs nothing is looked at', () => {
    const host = hostWith({
      speculation: { storeBypass: 'controllable', indirectBranch: 'not-affected', l1dFlush: 'controllable' },
    });
    expect(calls({ speculation: 'all' }, host)).toEqual([
      'prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_FORCE_DISABLE, 0, 0)',
      'prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0)',
      'prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_L1D_FLUSH, PR_SPEC_ENABLE, 0, 0)',
    ]);
  });
});

describe('a host that can not', () => {
  const both: SideChannelSection = { coreScheduling: true, speculation: ['store-bypass', 'l1d-flush'] };

  test('is refused, with what can mend it', () => {
    expect(answers(both, nothing)).toEqual({
      warnings: [
        'side-channels.core-scheduling: This kernel has no core scheduling (Linux 5.14, CONFIG_SCHED_CORE); check with "grep SCHED_CORE /boot/config-$(uname -r)", leave coreScheduling() out, or allow to go on without it by { degrade: true }.',
        'side-channels.speculation: This kernel leaves processes no choice about store-bypass, l1d-flush; check with "grep -i speculat /proc/self/status", boot with spec_store_bypass_disable=prctl, spectre_v2_user=prctl or l1d_flush=on, or allow to go on without it by { degrade: true }.',
      ],
      degradations: {},
    });
  });

  test('is gone on with where that is allowed, and said', () => {
    const lax: SideChannelSection = { ...both, degrade: ['coreScheduling', 'speculation'] };
    expect(calls(lax, nothing)).toEqual([]);
    expect(answers(lax, nothing)).toEqual({
      warnings: [],
      degradations: { coreScheduling: 'refused', speculation: 'refused' },
    });
    const half = hostWith({
      speculation: { ...nothing.confinement?.speculation, storeBypass: 'controllable' } as never,
    });
    expect(answers(lax, half).degradations).toEqual({ speculation: 'degraded' });
    expect(calls(lax, half)).toHaveLength(2);
  });

  test('of all that there is, only what the kernel leaves to processes is meant', () => {
    const half = hostWith({
      speculation: { ...nothing.confinement?.speculation, storeBypass: 'controllable' } as never,
    });
    expect(answers({ speculation: 'all' }, half)).toEqual({ warnings: [], degradations: {} });
    expect(answers({ speculation: 'all' }, nothing).warnings).toHaveLength(1);
  });
});
