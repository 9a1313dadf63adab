/** What people may ask of the caps part, and what it asks of the kernel. */
import { capabilityNames, Rejected, renderPlan, type HostFacts, type SharedFacts } from '@haco/plan';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextOf, rootHost, userHost } from './fixture.js';
import type { CapabilityWord } from './methods.js';
import { capabilityName, capabilityNumber, type CapabilityName } from './names.js';
import { caps } from './part.js';
import { capabilityPresets } from './presets.js';
import type { CapsSection } from './section.js';

function calls(section: CapsSection, host: HostFacts = rootHost, facts: Partial<SharedFacts> = {}): string {
  const steps = caps.plan(section, contextOf(host, facts));
  return renderPlan({ version: 1, name: '', steps, warnings: [] })
    .split('\n')
    .filter((line) => /^ +\d+ \[|^ {6}/.test(line))
    .join('\n');
}

function warnings(section: CapsSection, host: HostFacts, facts: Partial<SharedFacts> = {}): readonly string[] {
  return caps.check(section, contextOf(host, facts)).map(({ step, kind, message }) => `${step} ${kind}: ${message}`);
}

describe('names', () => {
  test('every spelling of every capability is understood, by name and by number', () => {
    expect(capabilityNames).toHaveLength(41);
    capabilityNames.forEach((name, number) => {
      const upper = name.toUpperCase();
      for (const spelling of [name, upper, `cap_${name}`, `CAP_${upper}`, String(number), `cap_${String(number)}`]) {
        expect(capabilityName(spelling)).toBe(name);
      }
      expect(capabilityNumber(name)).toBe(number);
    });
  });

  test('capabilities younger than the table are known by number', () => {
    expect(capabilityName('CAP_41')).toBe('cap_41');
    expect(capabilityNumber('cap_41')).toBe(41);
  });

  test.each(['', 'cap_', 'sys admin', 'cap_cap_chown', '64', '007', '-1', '__proto__', 5, null])(
    '%j is none',
    (input) => {
      expect(capabilityName(input)).toBeUndefined();
    },
  );
});

describe('caps', () => {
  const { caps: verb } = caps.verbs;

  test('keeps exactly the named, and each call replaces the one before', () => {
    expect(verb({ keep: ['kill'], drop: ['bpf'] }, 'chown', 'CAP_NET_RAW', 'chown')).toEqual({
      keep: ['chown', 'net_raw'],
    });
    expect(verb({}, 'none')).toEqual({ keep: [] });
    expect(verb({}, 'all')).toEqual({ keep: 'all' });
    expect(verb({}, 'none', 'all')).toEqual({ keep: 'all' });
  });

  test('presets and words add up', () => {
    expect(verb({}, 'haconiwa')).toEqual({ keep: capabilityPresets.haconiwa });
    expect(verb({}, 'docker', 'net_admin')).toEqual({ keep: [...capabilityPresets.docker, 'net_admin'] });
  });

  test('an object says what to keep and what of that to drop', () => {
    expect(verb({}, { drop: ['sys_admin'] })).toEqual({ keep: 'all', drop: ['sys_admin'] });
    expect(verb({}, { keep: ['chown', 'kill'], drop: 'kill' })).toEqual({ keep: ['chown', 'kill'], drop: ['kill'] });
    expect(verb({}, { keep: 'docker', drop: 'all' })).toEqual({ keep: [] });
    expect(verb({}, { keep: [] })).toEqual({ keep: [] });
    expect(verb({}, 'chown', { drop: 'kill' })).toEqual({ keep: ['chown'], drop: ['kill'] });
  });

  test('an empty word list keeps nothing, no word at all is refused', () => {
    expect(verb({}, ...[])).toBeInstanceOf(Rejected);
  });

  test('every unknown word is reported with its place', () => {
    const outcome = verb({}, 'chown', 'sysadmin' as CapabilityWord, { drop: ['root' as CapabilityWord] });
    expect((outcome as Rejected).issues).toEqual([
      {
        path: 'caps.keep[1]',
        message: '"sysadmin" is no capability (see capabilities(7)) and none of haconiwa, docker, all, none',
      },
      {
        path: 'caps.drop[0]',
        message: '"root" is no capability (see capabilities(7)) and none of haconiwa, docker, all, none',
      },
    ]);
  });

  test('a misspelt field of the object is refused', () => {
    const outcome = verb({}, { dorp: ['sys_admin'] } as object);
    expect((outcome as Rejected).issues[0]?.path).toBe('caps.dorp');
  });
});

describe('plan', () => {
  test('nothing asked is nothing done', () => {
    expect(caps.plan({}, contextOf(rootHost))).toEqual([]);
    expect(caps.facts({}, undefined)).toEqual({});
    expect(caps.facts({ keep: 'all' }, undefined)).toEqual({ keepsCapabilities: true });
    expect(caps.facts({ keep: ['chown'] }, rootHost)).toEqual({
      keepsCapabilities: true,
      boundingSet: ['chown'],
      effectiveSet: ['chown'],
    });
  });

  test('a list for root: the bounding set loses the rest, nothing is inheritable', () => {
    const host = { ...rootHost, knownCapabilities: capabilityNames.slice(0, 12) };
    expect(calls({ keep: ['chown', 'net_bind_service'] }, host)).toMatchInlineSnapshot(`
      "  1 [privileges] hold what is kept, and what it takes to drop the rest
            capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=CAP_CHOWN|CAP_SETPCAP|CAP_NET_BIND_SERVICE, permitted=CAP_CHOWN|CAP_SETPCAP|CAP_NET_BIND_SERVICE, inheritable=0, effective=0, permitted=0, inheritable=0})
        2 [privileges] drop 10 of 12 capabilities from the bounding set
            prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_FOWNER, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_FSETID, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_SETGID, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_SETUID, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_SETPCAP, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_LINUX_IMMUTABLE, 0, 0, 0)
            prctl(PR_CAPBSET_DROP, CAP_NET_BROADCAST, 0, 0, 0)
        3 [privileges] hold 2 capabilities
            capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=CAP_CHOWN|CAP_NET_BIND_SERVICE, permitted=CAP_CHOWN|CAP_NET_BIND_SERVICE, inheritable=0, effective=0, permitted=0, inheritable=0})"
    `);
  });

  test('another user than root gets them as ambient capabilities', () => {
    const host = { ...rootHost, knownCapabilities: capabilityNames.slice(0, 12) };
    expect(
      calls({ keep: ['net_bind_service'] }, host, { uid: 1000 })
        .split('\n')
        .slice(-4),
    ).toMatchInlineSnapshot(`
      [
        "  3 [privileges] give it to user 1000 too",
        "      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0)",
        "  4 [privileges] hold 1 capability",
        "      capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=CAP_NET_BIND_SERVICE, permitted=CAP_NET_BIND_SERVICE, inheritable=CAP_NET_BIND_SERVICE, effective=0, permitted=0, inheritable=0})",
      ]
    `);
  });

  test('a capability that is named twice is held once, and not the next one', () => {
    const once = ['chown'] as const;
    const twice = ['chown', 'chown'] as const;
    const sets = (list: readonly CapabilityName[]): CapsSection => ({
      sets: { bounding: list, permitted: list, effective: list, inheritable: list, ambient: list },
    });
    expect(calls(sets(twice))).toBe(calls(sets(once)));
    expect(calls({ keep: twice })).toBe(calls({ keep: once }));
  });

  test('capabilities above 31 are in the second half of the sets', () => {
    const [last] = caps.plan({ keep: ['mac_override', 'audit_control'] }, contextOf(rootHost)).slice(-1);
    expect(last?.operations).toEqual([
      {
        op: 'syscall',
        name: 'capset',
        args: [
          {
            struct: [
              { name: 'version', type: 'u32', value: { flags: ['_LINUX_CAPABILITY_VERSION_3'], value: 0x20080522 } },
              { name: 'pid', type: 'u32', value: 0 },
            ],
          },
          {
            struct: [
              { name: 'effective', type: 'u32', value: { flags: ['CAP_AUDIT_CONTROL'], value: 2 ** 30 } },
              { name: 'permitted', type: 'u32', value: { flags: ['CAP_AUDIT_CONTROL'], value: 2 ** 30 } },
              { name: 'inheritable', type: 'u32', value: { flags: [], value: 0 } },
              { name: 'effective', type: 'u32', value: { flags: ['CAP_MAC_OVERRIDE'], value: 1 } },
              { name: 'permitted', type: 'u32', value: { flags: ['CAP_MAC_OVERRIDE'], value: 1 } },
              { name: 'inheritable', type: 'u32', value: { flags: [], value: 0 } },
            ],
          },
        ],
      },
    ]);
  });

  test('all but one: of what is held, and what the kernel has beyond the table stays bounded by it', () => {
    const host = { ...rootHost, knownCapabilities: [...capabilityNames, 'cap_41'] };
    expect(calls({ keep: 'all', drop: ['sys_admin'] }, host)).toContain('PR_CAPBSET_DROP, CAP_SYS_ADMIN');
    expect(calls({ keep: ['chown'] }, host)).toContain('PR_CAPBSET_DROP, CAP_41');
    const poor = { ...host, capabilities: ['chown', 'setpcap'] };
    expect(calls({ keep: 'all', drop: ['sys_admin'] }, poor)).toContain('hold 2 capabilities');
  });

  test('everything kept drops nothing, also as another user', () => {
    const plan = caps.plan({ keep: 'all' }, contextOf(rootHost, { uid: 5 }));
    expect(plan.map(({ id }) => id)).toEqual(['caps.set', 'caps.ambient']);
  });

  test('in an own user namespace the capabilities of that namespace count', () => {
    const facts: Partial<SharedFacts> = {
      unshared: ['user'],
      idMap: { kind: 'self', uid: [{ inside: 7, outside: 1000, count: 1 }], gid: [] },
    };
    expect(warnings({ keep: ['chown'] }, userHost, facts)).toEqual([]);
    // The command runs as user 7 inside.
    expect(caps.plan({ keep: ['chown'] }, contextOf(userHost, facts)).map(({ id }) => id)).toContain('caps.ambient');
  });

  test('a capability is either kept or dropped from the bounding set', () => {
    const names = fc.subarray([...capabilityNames]);
    fc.assert(
      fc.property(names, names, fc.nat({ max: 2 }), (keep, drop, uid) => {
        const plan = caps.plan({ keep, drop }, contextOf(rootHost, { uid }));
        const numbers = (id: string, position: number): readonly unknown[] =>
          plan
            .filter((step) => step.id === id)
            .flatMap(({ operations }) => operations)
            .map((operation) => (operation.op === 'syscall' ? operation.args[position] : undefined))
            .map((arg) => (arg as { value: number }).value);
        const kept = keep.filter((name) => !drop.includes(name)).map(capabilityNumber);
        const all = capabilityNames.map((_, number) => number);
        expect([...numbers('caps.bounding', 1), ...kept].sort((a, b) => Number(a) - Number(b))).toEqual(all);
        expect(numbers('caps.ambient', 2)).toEqual(uid === 0 ? [] : [...kept].sort((a, b) => a - b));
      }),
    );
  });
});

describe('check', () => {
  test('a kernel that is older than a capability', () => {
    expect(warnings({ keep: ['cap_41'] }, rootHost)).toEqual([
      'caps.set unsupported: This kernel doesn\'t know the capability cap_41 of caps(); leave it out, or check with "cat /proc/sys/kernel/cap_last_cap".',
    ]);
    expect(warnings({ keep: 'all', drop: ['cap_41'] }, rootHost)).toEqual([]);
  });

  test('what an ordinary user cannot do', () => {
    expect(warnings({ keep: ['chown'] }, userHost)).toEqual([
      'caps.set permission: caps() keeps chown, which this process doesn\'t hold itself; add unshare("user") to have all of them inside, or run it as root.',
      'caps.bounding permission: caps() drops capabilities from the bounding set, which takes CAP_SETPCAP; add unshare("user") to have all of them inside, or run it as root.',
    ]);
    expect(warnings({ keep: ['chown'] }, userHost, { unshared: ['user'] })).toEqual([]);
  });
});

describe('parse', () => {
  test('sections survive JSON', () => {
    const names = fc.subarray<CapabilityName>([...capabilityNames, 'cap_41']);
    const section = fc.record(
      { keep: fc.oneof(names, fc.constant('all' as const)), drop: names },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(section, (given) => {
        const json: unknown = JSON.parse(JSON.stringify(given));
        expect(caps.parse(json)._unsafeUnwrap()).toEqual(given);
      }),
    );
  });

  test('JSON of another shape is refused with its paths', () => {
    const issues = caps.parse({ keep: 'none', drop: ['chown', 'x', 5], bounding: [] })._unsafeUnwrapErr();
    expect(issues.map(({ path }) => path)).toEqual(['bounding', 'keep', 'drop[1]', 'drop[2]']);
  });
});
