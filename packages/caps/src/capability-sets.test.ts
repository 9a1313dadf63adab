/** Single sets and secure bits: what people may ask, and what it asks of the kernel. */
import { Rejected, renderPlan, type HostFacts, type SharedFacts } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { contextOf, rootHost, userHost } from './fixture.js';
import type { CapabilitySetsChoice } from './methods.js';
import { capabilityName } from './names.js';
import { caps } from './part.js';
import { capabilityPresets } from './presets.js';
import { secureBitName, secureBits, type SecureBit } from './securebits.js';
import { processSets } from './sets.js';
import type { CapsSection } from './section.js';

const few: HostFacts = { ...rootHost, knownCapabilities: rootHost.knownCapabilities.slice(0, 14) };

function calls(section: CapsSection, host: HostFacts = few, facts: Partial<SharedFacts> = {}): readonly string[] {
  const steps = caps.plan(section, contextOf(host, facts));
  return renderPlan({ version: 1, name: '', steps, warnings: [] })
    .split('\n')
    .filter((line) => /^ {6}/.test(line))
    .map((line) => line.trim().replace('version=_LINUX_CAPABILITY_VERSION_3, pid=0', ''))
    .map((line) => line.replace(', effective=0, permitted=0, inheritable=0}', '}'));
}

const sets = (section: CapsSection, facts: Partial<SharedFacts> = {}) => processSets(section, contextOf(few, facts));
const paths = (section: CapsSection): readonly string[] =>
  caps.validate(section).map(({ path, message }) => `${path} ${message}`);

describe('capSets', () => {
  const { capSets: verb, caps: keep, securebits } = caps.verbs;

  test('names each set in any spelling, and replaces what was named before', () => {
    expect(verb({ sets: { ambient: 'all' } }, { bounding: 'docker', inheritable: ['CAP_NET_RAW', 'NetRaw'] })).toEqual({
      sets: { bounding: capabilityPresets.docker, inheritable: ['net_raw'] },
    });
    expect(verb({ keep: ['kill'] }, { permitted: 'none', effective: [] })).toEqual({
      keep: ['kill'],
      sets: { permitted: [], effective: [] },
    });
  });

  test('stays when caps() is called afterwards, as secure bits do', () => {
    const section = securebits({ sets: { ambient: ['kill'] } }, 'noroot') as CapsSection;
    expect(keep(section, 'kill')).toEqual({ keep: ['kill'], sets: { ambient: ['kill'] }, securebits: ['noroot'] });
  });

  test('every unknown set and word is reported with its place', () => {
    const given = { permitted: ['x'], bound: ['chown'] } as unknown as CapabilitySetsChoice;
    const { issues } = verb({}, given) as Rejected;
    expect(issues.map(({ path }) => path)).toEqual(['caps.sets.permitted[0]', 'caps.sets.bound']);
    for (const nothing of [{}, null, [], 'all']) {
      expect(verb({}, nothing as CapabilitySetsChoice)).toBeInstanceOf(Rejected);
    }
  });

  test('sets that the kernel would refuse are told by name', () => {
    expect(paths({ sets: { permitted: ['chown'], effective: ['chown', 'kill'] } })).toEqual([
      "caps.sets.effective[1] kill can't be effective without being permitted",
    ]);
    expect(paths({ keep: 'all', drop: ['kill'], sets: { ambient: ['kill'] } })).toEqual([
      "caps.sets.ambient[0] kill can't be ambient without being permitted",
    ]);
    expect(paths({ sets: { inheritable: [], ambient: ['kill'] } })).toEqual([
      "caps.sets.ambient[0] kill can't be ambient without being inheritable",
    ]);
    expect(paths({ keep: ['kill'], sets: { bounding: [], effective: ['kill'], ambient: ['kill'] } })).toEqual([]);
  });
});

describe('sets that were not named', () => {
  test('without caps(): all that is held, nothing inheritable, nothing ambient', () => {
    const all = few.knownCapabilities.map((_, number) => number);
    expect(sets({ sets: { inheritable: [] } }, { uid: 5 })).toMatchObject({
      bounding: all,
      inheritable: [],
      ambient: [],
    });
  });

  test('effective follows permitted, inheritable follows ambient', () => {
    expect(sets({ sets: { permitted: ['kill'] } })).toMatchObject({ permitted: [5], effective: [5], inheritable: [] });
    expect(sets({ sets: { ambient: ['kill'] } })).toMatchObject({ inheritable: [5], ambient: [5] });
    expect(sets({ sets: { permitted: ['kill', 'chown'], ambient: 'all' } })).toMatchObject({ ambient: [0, 5] });
  });

  test("another user's ambient set is no larger than what is permitted and inheritable", () => {
    const section: CapsSection = { keep: ['chown', 'kill', 'setuid'], sets: { inheritable: ['kill', 'net_raw'] } };
    expect(sets(section, { uid: 5 })).toMatchObject({ inheritable: [5, 13], ambient: [5] });
  });
});

describe('the plan of sets', () => {
  test('each is as it was named, in the order that the kernel demands', () => {
    const section: CapsSection = {
      sets: {
        bounding: ['chown', 'kill', 'setpcap'],
        permitted: ['chown', 'kill'],
        effective: ['chown'],
        ambient: ['kill'],
      },
      securebits: ['no_cap_ambient_raise_locked', 'noroot', 'no_cap_ambient_raise'],
    };
    const steps = caps.plan(section, contextOf(few));
    expect(steps.map(({ id, from }) => `${id} ${from}`)).toEqual([
      'caps.raise caps.sets',
      'caps.bounding caps.sets.bounding',
      'caps.ambient caps.sets.ambient',
      'caps.securebits caps.securebits',
      'caps.set caps.sets',
    ]);
    expect(calls(section).filter((line) => !line.includes('CAPBSET'))).toEqual([
      'capset({}, {effective=CAP_CHOWN|CAP_KILL|CAP_SETPCAP, permitted=CAP_CHOWN|CAP_KILL|CAP_SETPCAP, inheritable=CAP_KILL})',
      'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0)',
      'prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_NO_CAP_AMBIENT_RAISE|SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, 0, 0, 0)',
      'capset({}, {effective=CAP_CHOWN, permitted=CAP_CHOWN|CAP_KILL, inheritable=CAP_KILL})',
    ]);
  });

  test('what other parts are told is the bounding set that was named', () => {
    expect(caps.facts({ keep: ['kill'], sets: { bounding: ['chown'] } }, few)).toMatchObject({
      boundingSet: ['chown'],
    });
  });

  test('nothing to drop takes no CAP_SETPCAP', () => {
    expect(caps.plan({ sets: { inheritable: ['kill'] } }, contextOf(few)).map(({ id }) => id)).toEqual(['caps.set']);
  });
});

describe('secure bits', () => {
  const { securebits: verb } = caps.verbs;

  test('have the numbers of linux/securebits.h', () => {
    expect(secureBits.noroot_locked).toBe(1);
    expect(secureBits.no_cap_ambient_raise).toBe(6);
    expect(secureBits.exec_deny_interactive_locked).toBe(11);
    expect(Object.keys(secureBits)).toHaveLength(12);
  });

  test('are understood in any spelling, once each', () => {
    expect(verb({}, 'SECBIT_NOROOT' as SecureBit, 'noroot')).toEqual({ securebits: ['noroot'] });
    expect(secureBitName('SECURE_KEEP_CAPS_LOCKED')).toBe('keep_caps_locked');
    expect(secureBitName('__proto__')).toBeUndefined();
  });

  test('that are unknown are reported with their place', () => {
    const { issues } = verb({}, 'noroot', 'root' as SecureBit) as Rejected;
    expect(issues).toMatchObject([{ path: 'caps.securebits[1]' }]);
    expect(issues[0]?.message).toContain('"root" is none of noroot, no_setuid_fixup');
    expect(verb({}, ...[])).toBeInstanceOf(Rejected);
  });

  test('say what is missing', () => {
    const section: CapsSection = { securebits: ['noroot', 'exec_restrict_file'] };
    const messages = (host: HostFacts) => caps.check(section, contextOf(host)).map(({ message }) => message);
    expect(messages(rootHost)).toEqual([]);
    expect(messages({ ...rootHost, kernel: { release: '6.1.0', major: 6, minor: 1 } })).toEqual([
      "This kernel (6.1.0) doesn't know the secure bit exec_restrict_file (Linux 6.14); leave it out, or use a newer kernel.",
    ]);
    expect(messages(userHost)).toEqual([
      'securebits() takes CAP_SETPCAP; add unshare("user") to have all of them inside, or run it as root.',
    ]);
  });
});

test('sections with sets and bits survive JSON, other shapes are refused', () => {
  const section: CapsSection = { sets: { bounding: 'all', ambient: ['kill'] }, securebits: ['noroot'] };
  expect(caps.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
  const issues = caps.parse({ sets: { ambient: ['x'], more: [] }, securebits: ['root'] })._unsafeUnwrapErr();
  expect(issues.map(({ path }) => path)).toEqual(['sets.more', 'sets.ambient[0]', 'securebits[0]']);
});

test.each(['SysAdmin', 'CapSysAdmin', 'CAP_SYS_ADMIN', 'cap_sys_admin', 'Sys_Admin'])('%s is sys_admin', (name) => {
  expect(capabilityName(name)).toBe('sys_admin');
});
