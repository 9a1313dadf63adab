/** Sections from JSON, what makes no sense, what this host will refuse, and the verbs. */
import { Rejected } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { contextOf, rootHost, sectionWith, userHost } from './fixture.js';
import { namespaces } from './part.js';
import { emptySection, type NamespacesSection } from './section.js';

const { verbs } = namespaces;

function problems(fields: Partial<NamespacesSection>): readonly string[] {
  const section = sectionWith(fields);
  return namespaces.validate(section).map(({ path, message }) => `${path}: ${message}`);
}

describe('verbs', () => {
  test('unshare adds kinds, each once, and refuses to be empty', () => {
    const once = verbs.unshare(emptySection, 'pid', 'uts') as NamespacesSection;
    expect(verbs.unshare(once, 'uts', 'net')).toMatchObject({ unshare: ['pid', 'uts', 'net'] });
    expect(verbs.unshare(emptySection)).toBeInstanceOf(Rejected);
  });

  test('a container to enter is remembered by its pid', () => {
    expect(verbs.enter(emptySection, 'net', { container: { pid: 7 } })).toMatchObject({
      enter: [{ kind: 'net', pid: 7 }],
    });
    expect(verbs.enter(emptySection, 'net', {} as never)).toBeInstanceOf(Rejected);
    // A number alone would be trusted, which is less than what was asked for.
    expect(verbs.enter(emptySection, 'net', { pid: 7, startTime: '12' } as never)).toBeInstanceOf(Rejected);
  });

  test('the other verbs replace what was said before', () => {
    expect(verbs.hostname(sectionWith({ hostname: 'a' }), 'b')).toMatchObject({ hostname: 'b' });
    expect(verbs.mapUsers(emptySection, 'auto')).toMatchObject({ uidMap: 'auto' });
    expect(verbs.mapGroups(emptySection, 7 as never)).toBeInstanceOf(Rejected);
    expect(verbs.timeOffsets(emptySection, { boottimeMs: 1 })).toMatchObject({ timeOffsets: { boottimeMs: 1 } });
  });
});

describe('JSON', () => {
  test('a section survives JSON', () => {
    const section = sectionWith({
      unshare: ['user', 'uts', 'time'],
      enter: [
        { kind: 'net', path: '/run/netns/x' },
        { kind: 'ipc', pid: 7 },
      ],
      persist: [{ kind: 'uts', path: '/run/uts' }],
      hostname: 'x',
      uidMap: [{ inside: 0, outside: 1, count: 2 }],
      gidMap: 'self',
      timeOffsets: { monotonicMs: 1 },
    });
    expect(namespaces.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
  });

  test('every problem has its place', () => {
    const result = namespaces.parse({ unshare: ['pids'], enter: [{ kind: 'net' }], persist: [], uidMap: 'all' });
    expect(result._unsafeUnwrapErr().map(({ path }) => path)).toEqual(['unshare[0]', 'enter[0].path', 'uidMap']);
  });
});

describe('validate', () => {
  test('kinds are known, once, and either new or entered', () => {
    expect(problems({ unshare: ['pid', 'pid', 'pids' as never, 'net'], enter: [{ kind: 'net', pid: 1 }] }))
      .toMatchInlineSnapshot(`
        [
          "namespaces.unshare[1]: pid is there twice; name it once",
          "namespaces.unshare[2]: "pids" is no kind of namespace; use mount, uts, ipc, pid, net, user, cgroup, time",
          "namespaces.enter[0].kind: net is entered and unshared; choose one, the other would have no effect",
        ]
      `);
  });

  test('names need a uts namespace and fit into the kernel', () => {
    expect(problems({ hostname: 'x' })).toMatchInlineSnapshot(`
      [
        "namespaces.hostname: would rename the host; add unshare("uts")",
      ]
    `);
    expect(problems({ unshare: ['uts'], hostname: 'é'.repeat(33), domainname: 'a\0b' })).toMatchInlineSnapshot(`
      [
        "namespaces.hostname: "ééééééééééééééééééééééééééééééééé" has 66 bytes; the kernel takes 1 to 64",
        "namespaces.domainname: the name "a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out",
      ]
    `);
    expect(problems({ enter: [{ kind: 'uts', pid: 1 }], hostname: 'x' })).toEqual([]);
    expect(problems({ unshare: ['uts'], hostname: '' })).toHaveLength(1);
  });

  test('maps need a user namespace, and ranges that exist and lie apart', () => {
    expect(problems({ uidMap: 'self' })).toMatchInlineSnapshot(`
      [
        "namespaces.uidMap: only a new user namespace can be mapped; add unshare("user")",
      ]
    `);
    expect(
      problems({
        unshare: ['user'],
        uidMap: [
          { inside: 0, outside: 1000, count: 10 },
          { inside: 9, outside: 5000, count: 1 },
          { inside: 100, outside: 1009, count: 1 },
          { inside: 200, outside: 0, count: 0 },
          { inside: 300, outside: 4_294_967_290, count: 10 },
          { inside: 1.5, outside: -1, count: 1 },
        ],
        gidMap: [],
      }),
    ).toMatchInlineSnapshot(`
      [
        "namespaces.uidMap[1].inside: overlaps with range 0",
        "namespaces.uidMap[2].outside: overlaps with range 0",
        "namespaces.uidMap[3].count: 0 is not a positive whole number",
        "namespaces.uidMap[4].outside: the range goes beyond the last id 4294967294",
        "namespaces.uidMap[5].inside: 1.5 is not a non-negative whole number",
        "namespaces.uidMap[5].outside: -1 is not a non-negative whole number",
        "namespaces.gidMap: has 0 ranges; the kernel takes 1 to 340",
      ]
    `);
  });

  test('paths are absolute and whole, pids are pids', () => {
    expect(
      problems({
        unshare: ['net'],
        enter: [
          { kind: 'uts', path: 'ns/uts' },
          { kind: 'ipc', path: '/a\0b' },
          { kind: 'pid', pid: 0 },
          { kind: 'network' as 'net', path: '/ns' },
        ],
        persist: [
          { kind: 'mount', path: '/x' },
          { kind: 'net', path: '/x' },
          { kind: 'network' as 'net', path: '/y' },
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "namespaces.enter[3].kind: "network" is no kind of namespace; use mount, uts, ipc, pid, net, user, cgroup, time",
        "namespaces.enter[0].path: "ns/uts" is not an absolute path; give the whole one, e.g. by path.resolve("ns/uts")",
        "namespaces.enter[1].path: the path "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out",
        "namespaces.enter[2].pid: 0 is not a process id; give a whole number from 1 on",
        "namespaces.persist[0].kind: only a new namespace can be persisted; add unshare("mount")",
        "namespaces.persist[1].path: "/x" is used twice; give each namespace a file of its own",
        "namespaces.persist[2].kind: "network" is no kind of namespace; use mount, uts, ipc, pid, net, user, cgroup, time",
      ]
    `);
  });

  test('time offsets need a new time namespace', () => {
    expect(problems({ timeOffsets: { monotonicMs: Number.NaN } })).toMatchInlineSnapshot(`
      [
        "namespaces.timeOffsets: only a new time namespace can have offsets; add unshare("time")",
        "namespaces.timeOffsets.monotonicMs: NaN is not a number of milliseconds",
      ]
    `);
  });

  test('a new user namespace and the mount namespace of somebody else exclude each other', () => {
    expect(problems({ unshare: ['user'], enter: [{ kind: 'mount', pid: 7 }] })).toHaveLength(1);
  });
});

describe('check', () => {
  function warnings(fields: Partial<NamespacesSection>, host = userHost): readonly string[] {
    const section = sectionWith(fields);
    return namespaces.check(section, contextOf(section, host)).map(({ kind, message }) => `${kind}: ${message}`);
  }

  test('root may do everything, a user what its user namespace allows', () => {
    expect(warnings({ unshare: ['pid', 'mount'] }, rootHost)).toEqual([]);
    expect(warnings({ unshare: ['user', 'pid', 'mount'] })).toEqual([]);
    expect(warnings({ unshare: ['pid', 'mount'] })).toMatchInlineSnapshot(`
      [
        "permission: Creating pid, mount namespaces needs root (CAP_SYS_ADMIN); add unshare("user"), or run it with sudo.",
      ]
    `);
    expect(warnings({ enter: [{ kind: 'net', pid: 7 }] })).toHaveLength(1);
  });

  test('each switch that forbids user namespaces is named with the command that turns it', () => {
    const using = (fields: Partial<typeof userHost.userNamespaces>): typeof userHost => ({
      ...userHost,
      userNamespaces: { ...userHost.userNamespaces, ...fields },
    });
    expect([
      ...warnings({ unshare: ['user'] }, using({ max: 0 })),
      ...warnings({ unshare: ['user'] }, using({ unprivilegedDisabled: true })),
      ...warnings({ unshare: ['user'] }, using({ apparmorRestricted: true })),
    ]).toMatchInlineSnapshot(`
      [
        "permission: User namespaces are switched off here; allow them with "sysctl -w user.max_user_namespaces=15000".",
        "permission: Only root may create user namespaces here; allow it with "sysctl -w kernel.unprivileged_userns_clone=1".",
        "permission: AppArmor takes all capabilities in user namespaces away from programs without a profile; give this one a profile with "userns,", or allow it to all with "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0".",
      ]
    `);
  });

  test('a map needs ranges that were granted, and the tools', () => {
    const uidMap = [{ inside: 0, outside: 300_000, count: 10 }];
    expect(warnings({ unshare: ['user'], uidMap })).toMatchInlineSnapshot(`
      [
        "permission: The id map takes ids that /etc/subuid and /etc/subgid don't grant to this user; grant some with "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER", or map "self".",
      ]
    `);
    const bare = { ...userHost, userNamespaces: { ...userHost.userNamespaces, newidmap: false } };
    const granted = [{ inside: 0, outside: 100_000, count: 10 }];
    expect(warnings({ unshare: ['user'], uidMap: granted }, bare)).toMatchInlineSnapshot(`
      [
        "tool: Mapping more than the own id needs newuidmap and newgidmap, which aren't installed; install them with "apt-get install uidmap".",
      ]
    `);
    expect(warnings({ unshare: ['user'], uidMap: granted })).toEqual([]);
  });

  test('a warning names a step of the plan', () => {
    const section = sectionWith({
      unshare: ['time', 'uts'],
      persist: [{ kind: 'uts', path: '/x' }],
      enter: [{ kind: 'net', pid: 7 }],
      timeOffsets: { monotonicMs: 1 },
    });
    const context = contextOf(section, { ...userHost, features: { ...userHost.features, time_namespace: false } });
    const ids = namespaces.plan(section, context).map(({ id }) => id);
    const steps = namespaces.check(section, context).map(({ step }) => step);
    expect(steps.length).toBe(5);
    expect(steps.filter((step) => !ids.includes(step))).toEqual([]);
  });
});
