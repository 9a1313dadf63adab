/** What people may ask of Landlock, and what it asks of the kernel. */
import { Rejected } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { describe, expect, test } from 'vitest';
import { callsOf, contextOf, hostWith } from '../fixture.js';
import type { LandlockChoice } from './methods.js';
import { landlock } from './part.js';
import { fsMask, fsRightNames } from './rights.js';
import type { LandlockSection } from './section.js';

const { landlock: verb } = landlock.verbs;
const abi = (landlockAbi: number) => hostWith({ landlockAbi });
const calls = (section: LandlockSection, host = abi(7)) => callsOf(landlock.plan(section, contextOf(host)));
const warnings = (section: LandlockSection, context = contextOf(abi(7), { noNewPrivileges: true })) =>
  landlock.check(section, context).map(({ step, kind, message }) => `${step} ${kind}: ${message}`);

describe('the words', () => {
  test('add up over calls, single values are lists of one', () => {
    const first = verb({}, { read: '/etc', bind: [], degrade: true }) as LandlockSection;
    expect(verb(first, { read: ['/usr'], write: '/tmp', connect: 443, scopes: 'signal' })).toEqual({
      read: ['/etc', '/usr'],
      write: ['/tmp'],
      bind: [],
      connect: [443],
      scopes: ['signal'],
      degrade: true,
    });
  });

  test('what is no object, names nothing or something unknown is refused', () => {
    for (const wrong of [null, [], 'read', {}, { degrade: true }, { reed: '/etc' }]) {
      expect(verb({}, wrong as LandlockChoice)).toBeInstanceOf(Rejected);
    }
  });

  test('every problem is told with its path', () => {
    const section = verb({}, {
      read: ['etc', 5],
      rules: [{ path: '/x\0', allow: ['read', 'execute'] }, { path: '/x', allow: [] }, null],
      bind: [65_536, 1.5],
      scopes: ['net'],
    } as unknown as LandlockChoice) as LandlockSection;
    expect(landlock.validate(section).map(({ path }) => path)).toEqual([
      'landlock.read[0]',
      'landlock.read[1]',
      'landlock.rules[0].path',
      'landlock.rules[0].allow[0]',
      'landlock.rules[1].allow',
      'landlock.rules[2]',
      'landlock.bind[0]',
      'landlock.bind[1]',
      'landlock.scopes[0]',
    ]);
    const fine = verb({}, { execute: '/usr', rules: [{ path: '/x', allow: ['refer'] }], bind: 0 }) as LandlockSection;
    expect(landlock.validate(fine)).toEqual([]);
  });

  test('sections survive JSON, other shapes are refused', () => {
    const section = verb(
      {},
      { execute: '/usr', rules: [{ path: '/x', allow: ['refer'] }], bind: 80, scopes: 'signal' },
    );
    expect(landlock.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
    const issues = landlock.parse({ reed: [], read: '/x', scopes: ['x'] })._unsafeUnwrapErr();
    expect(issues.map(({ path }) => path)).toEqual(['reed', 'read', 'scopes[0]']);
  });
});

describe('the plan', () => {
  test('nothing asked is nothing done', () => {
    expect(landlock.plan(landlock.empty, contextOf())).toEqual([]);
    expect(landlock.plan({ scopes: [] }, contextOf())).toEqual([]);
  });

  test('files: everything that the ABI knows is handled, rules give rights back', () => {
    expect(calls({ read: ['/etc'], rules: [{ path: '/x', allow: ['make_dir'] }] })).toMatchInlineSnapshot(`
      [
        "landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_EXECUTE|LANDLOCK_ACCESS_FS_WRITE_FILE|LANDLOCK_ACCESS_FS_READ_FILE|LANDLOCK_ACCESS_FS_READ_DIR|LANDLOCK_ACCESS_FS_REMOVE_DIR|LANDLOCK_ACCESS_FS_REMOVE_FILE|LANDLOCK_ACCESS_FS_MAKE_CHAR|LANDLOCK_ACCESS_FS_MAKE_DIR|LANDLOCK_ACCESS_FS_MAKE_REG|LANDLOCK_ACCESS_FS_MAKE_SOCK|LANDLOCK_ACCESS_FS_MAKE_FIFO|LANDLOCK_ACCESS_FS_MAKE_BLOCK|LANDLOCK_ACCESS_FS_MAKE_SYM|LANDLOCK_ACCESS_FS_REFER|LANDLOCK_ACCESS_FS_TRUNCATE|LANDLOCK_ACCESS_FS_IOCTL_DEV, handled_access_net=0, scoped=0}, 24, 0) = <landlock.ruleset>",
        "openat2(AT_FDCWD, "/etc", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_NO_MAGICLINKS}, 24) = <landlock.path>",
        "landlock_add_rule(<landlock.ruleset>, LANDLOCK_RULE_PATH_BENEATH, {allowed_access=LANDLOCK_ACCESS_FS_READ_FILE|LANDLOCK_ACCESS_FS_READ_DIR, parent_fd=<landlock.path>}, 0)   or EINVAL",
        "landlock_add_rule(<landlock.ruleset>, LANDLOCK_RULE_PATH_BENEATH, {allowed_access=LANDLOCK_ACCESS_FS_READ_FILE, parent_fd=<landlock.path>}, 0)",
        "close(<landlock.path>)",
        "openat2(AT_FDCWD, "/x", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_NO_MAGICLINKS}, 24) = <landlock.path>",
        "landlock_add_rule(<landlock.ruleset>, LANDLOCK_RULE_PATH_BENEATH, {allowed_access=LANDLOCK_ACCESS_FS_MAKE_DIR, parent_fd=<landlock.path>}, 0)",
        "close(<landlock.path>)",
        "landlock_restrict_self(<landlock.ruleset>, 0)",
        "close(<landlock.ruleset>)",
      ]
    `);
  });

  test('ports and scopes by themselves leave files alone', () => {
    expect(calls({ bind: [], connect: [443, 80, 443], scopes: ['signal'] })).toMatchInlineSnapshot(`
      [
        "landlock_create_ruleset({handled_access_fs=0, handled_access_net=LANDLOCK_ACCESS_NET_BIND_TCP|LANDLOCK_ACCESS_NET_CONNECT_TCP, scoped=LANDLOCK_SCOPE_SIGNAL}, 24, 0) = <landlock.ruleset>",
        "landlock_add_rule(<landlock.ruleset>, LANDLOCK_RULE_NET_PORT, {allowed_access=LANDLOCK_ACCESS_NET_CONNECT_TCP, port=443}, 0)",
        "landlock_add_rule(<landlock.ruleset>, LANDLOCK_RULE_NET_PORT, {allowed_access=LANDLOCK_ACCESS_NET_CONNECT_TCP, port=80}, 0)",
        "landlock_restrict_self(<landlock.ruleset>, 0)",
        "close(<landlock.ruleset>)",
      ]
    `);
  });

  test('an older kernel is given only what it knows', () => {
    const [create] = calls({ write: ['/tmp'] }, abi(2));
    expect(create).not.toMatch(/TRUNCATE|IOCTL|net|scoped/);
    expect(create).toMatch(/REFER.*\}, 8, 0\)/);
    // A rule of nothing but unknown rights would be refused.
    const section: LandlockSection = { rules: [{ path: '/dev', allow: ['ioctl_dev'] }], degrade: true };
    expect(calls(section, abi(2)).some((line) => line.includes('/dev'))).toBe(false);
  });

  describe('on the kernels of each ABI', () => {
    const all: LandlockSection = {
      write: ['/tmp'],
      device: ['/dev/null'],
      connect: [443],
      bind: [],
      scopes: ['signal'],
    };
    const missing = {
      refer: 'refer otherwise than everywhere (Linux 5.19)',
      truncate: 'truncate (Linux 6.2)',
      ports: 'TCP ports (Linux 6.7)',
      ioctl: 'ioctl_dev (Linux 6.10)',
      scopes: 'scopes (Linux 6.12)',
    };
    const { refer, truncate, ports, ioctl, scopes } = missing;
    /** What stands in a plan only where the kernel knows it. */
    const signs = [
      /_REFER\b/,
      /_TRUNCATE\b/,
      /handled_access_net=|RULE_NET_PORT|CONNECT_TCP/,
      /_IOCTL_DEV\b/,
      /scoped=|SCOPE_SIGNAL/,
    ];

    test.each([
      [1, 8, [false, false, false, false, false], [refer, truncate, ioctl, ports, scopes]],
      [2, 8, [true, false, false, false, false], [truncate, ioctl, ports, scopes]],
      [3, 8, [true, true, false, false, false], [ioctl, ports, scopes]],
      [4, 16, [true, true, true, false, false], [ioctl, scopes]],
      [5, 16, [true, true, true, true, false], [scopes]],
      [6, 24, [true, true, true, true, true], []],
    ])('%i: what it does not know is refused, or left out and told', (version, size, known, lacking) => {
      const host = abi(version);
      const context = contextOf(host, { noNewPrivileges: true });
      const told =
        lacking.length === 0
          ? []
          : [`(ABI ${String(version)}) can't restrict ${lacking.join(', ')}; use a newer kernel`];
      expect(warnings(all, context)).toEqual(told.map((text) => expect.stringContaining(text) as string));
      expect(landlock.degradations(all, context)).toEqual({});

      const degrading = { ...all, degrade: true };
      const text = calls(degrading, host).join('\n');
      expect(text).toContain(`}, ${String(size)}, 0) = <landlock.ruleset>`);
      expect(signs.map((sign) => sign.test(text))).toEqual(known);
      // What it knows is all there.
      expect(text).toMatch(/^landlock_create_ruleset\(\{handled_access_fs=\S*EXECUTE\S*WRITE_FILE\S*MAKE_SYM/);
      expect(text.match(/PATH_BENEATH/g)).not.toBeNull();
      expect(text).toContain('landlock_restrict_self(');
      expect(warnings(degrading, context)).toEqual([]);
      expect(landlock.degradations(degrading, context)).toEqual(lacking.length === 0 ? {} : { landlock: 'degraded' });
    });

    test.each([
      ['ports', { connect: [443], degrade: true }, 4],
      ['scopes', { scopes: ['signal'], degrade: true }, 6],
    ] as const)('%s by themselves: all or nothing', (_what, section, since) => {
      for (const version of [1, 2, 3, 4, 5, 6]) {
        const isThere = version >= since;
        expect([version, calls(section, abi(version)).length > 0]).toEqual([version, isThere]);
        expect(landlock.degradations(section, contextOf(abi(version)))).toEqual(isThere ? {} : { landlock: 'refused' });
      }
    });
  });

  test('masks have the numbers of linux/landlock.h', () => {
    expect(fsMask(fsRightNames, 1).value).toBe((1 << 13) - 1);
    expect(fsMask(fsRightNames, 2).value).toBe((1 << 14) - 1);
    expect(fsMask(fsRightNames, 3).value).toBe((1 << 15) - 1);
    expect(fsMask(fsRightNames, 7).value).toBe((1 << 16) - 1);
    expect(fsMask(['execute', 'truncate'], 7)).toEqual({
      flags: ['LANDLOCK_ACCESS_FS_EXECUTE', 'LANDLOCK_ACCESS_FS_TRUNCATE'],
      value: 0x4001,
    });
  });
});

describe('what a host lacks', () => {
  const nothing = contextOf(abi(0), { noNewPrivileges: true });

  test('is refused by default, with what can mend it', () => {
    expect(warnings({ read: ['/'] })).toEqual([]);
    expect(warnings({ read: ['/'] }, nothing)).toEqual([
      'landlock.ruleset unsupported: This kernel has no Landlock (Linux 5.13), or it is not among its security modules; check with "cat /sys/kernel/security/lsm", boot with lsm=landlock,…, or allow to go on without it with landlock({ …, degrade: true }).',
    ]);
    const old = contextOf(storedHosts.v2, { noNewPrivileges: true });
    expect(warnings({ read: ['/'], bind: [], scopes: ['signal'] }, old)).toEqual([
      "landlock.ruleset unsupported: The Landlock of this kernel (ABI 2) can't restrict truncate (Linux 6.2), ioctl_dev (Linux 6.10), TCP ports (Linux 6.7), scopes (Linux 6.12); use a newer kernel, or allow to go on with the rest by landlock({ …, degrade: true }).",
    ]);
    expect(warnings({ bind: [] }, contextOf(abi(4), { noNewPrivileges: true }))).toEqual([]);
  });

  test('is told as degraded or refused where that was allowed', () => {
    const section: LandlockSection = { read: ['/'], scopes: ['signal'], degrade: true };
    expect(landlock.degradations(section, nothing)).toEqual({ landlock: 'refused' });
    expect(landlock.plan(section, nothing)).toEqual([]);
    expect(landlock.degradations(section, contextOf(abi(5)))).toEqual({ landlock: 'degraded' });
    expect(landlock.degradations(section, contextOf(abi(6)))).toEqual({});
    expect(landlock.degradations({ scopes: ['signal'], degrade: true }, contextOf(abi(5)))).toEqual({
      landlock: 'refused',
    });
    expect(warnings(section, nothing)).toEqual([]);
  });

  test('a snapshot that does not tell has none', () => {
    const { confinement: _, ...host } = storedHosts.v2;
    expect(warnings({ read: ['/'] }, contextOf(host, { noNewPrivileges: true }))).toHaveLength(1);
  });

  test('without no_new_privs it takes CAP_SYS_ADMIN to the end', () => {
    const message =
      'landlock.restrict permission: Landlock takes CAP_SYS_ADMIN where programs may still gain privileges, so that none is misled; add noNewPrivileges().';
    const user = hostWith({}, storedHosts.rootless);
    const with_ = (...args: Parameters<typeof contextOf>) => warnings({ read: ['/'] }, contextOf(...args));
    expect(with_(abi(7))).toEqual([]);
    expect(with_(abi(7), { uid: 5 })).toEqual([message]);
    expect(with_(abi(7), { boundingSet: ['chown'] })).toEqual([message]);
    expect(with_(user)).toEqual([message]);
    expect(with_(user, { unshared: ['user'] })).toEqual([]);
    expect(with_({ ...user, noNewPrivileges: true })).toEqual([]);
  });
});
