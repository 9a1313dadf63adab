import { describe, expect, it } from 'vitest';
import { probeConfinement } from './confinement.js';
import { fakeHost } from './fake-host.js';
import type { HostReader } from './host-reader.js';

type Answer = (name: string, ...args: readonly (number | null)[]) => number | undefined;

function facts(call: Answer, files: Readonly<Record<string, string>> = {}): ReturnType<typeof probeConfinement> {
  const host: HostReader = { ...fakeHost({ files }), call };
  return probeConfinement(host);
}

describe('what confines a process', () => {
  it('is nothing where no call can be made', () => {
    expect(facts(() => undefined)).toEqual({
      landlockAbi: 0,
      securityModules: [],
      keyrings: false,
      coreScheduling: 'absent',
      speculation: { storeBypass: 'uncontrollable', indirectBranch: 'uncontrollable', l1dFlush: 'uncontrollable' },
    });
  });

  it('is no Landlock where the call is unknown, switched off or forbidden', () => {
    for (const errno of [-38, -95, -1]) {
      expect(facts((name) => (name === 'landlock_create_ruleset' ? errno : -22)).landlockAbi).toBe(0);
    }
    expect(facts((name) => (name === 'landlock_create_ruleset' ? 7 : -22))).toMatchObject({
      landlockAbi: 7,
      securityModules: ['landlock'],
    });
  });

  it('is told by securityfs, or by the signs of each module', () => {
    const none = (): number => -22;
    expect(facts(none, { '/sys/kernel/security/lsm': 'lockdown,apparmor\n' }).securityModules).toEqual([
      'lockdown',
      'apparmor',
    ]);
    const list = { '/sys/kernel/security/lsm': 'capability,selinux' };
    expect(facts(none, list).securityModules).toEqual(['capability', 'selinux']);
    const withoutPolicy = { ...list, '/proc/self/attr/current': 'kernel\0' };
    expect(facts(none, withoutPolicy).securityModules).toEqual(['capability']);
    const signs = { '/sys/module/apparmor/parameters/enabled': 'Y\n', '/sys/fs/selinux/enforce': '1' };
    expect(facts(none, signs).securityModules).toEqual(['apparmor', 'selinux']);
    expect(facts(none, { '/sys/module/apparmor/parameters/enabled': 'N\n' }).securityModules).toEqual([]);
  });

  it('tells cores without siblings from kernels without core scheduling', () => {
    const answer = (errno: number) => facts((name, option) => (name === 'prctl' && option === 62 ? errno : -22));
    expect(answer(-14).coreScheduling).toBe('available');
    expect(answer(-19).coreScheduling).toBe('no-siblings');
    expect(answer(-22).coreScheduling).toBe('absent');
  });

  it('tells whether a process may change how its processor speculates', () => {
    const states = [3, 4, 9];
    const { speculation } = facts((name, option, which) =>
      name === 'prctl' && option === 52 ? states[which ?? 0] : -22,
    );
    expect(speculation).toEqual({
      storeBypass: 'controllable',
      indirectBranch: 'mitigated',
      l1dFlush: 'controllable',
    });
    const other = facts((_, option, which) => (option === 52 ? [2, 0, 8][which ?? 0] : -22)).speculation;
    expect(other).toEqual({
      storeBypass: 'uncontrollable',
      indirectBranch: 'not-affected',
      l1dFlush: 'uncontrollable',
    });
  });

  it('tells whether there are keyrings', () => {
    expect(facts((name) => (name === 'keyctl' ? -95 : -22)).keyrings).toBe(true);
    expect(facts((name) => (name === 'keyctl' ? -1 : -22)).keyrings).toBe(false);
  });
});
