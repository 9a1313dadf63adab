import { featureNames } from '@haco/plan';
import { describe, expect, it } from 'vitest';
import { fakeHost } from './fake-host.js';
import { collectHostFacts, probeHost } from './host-facts.js';
import { type ProcessInfo } from './process-info.js';

const alice: ProcessInfo = {
  platform: 'linux',
  arch: 'arm64',
  release: '6.8.0-45-generic',
  pid: 4711,
  euid: 1000,
  egid: 1000,
  path: '/usr/local/bin:/usr/bin',
  userName: () => 'alice',
};

describe('collectHostFacts', () => {
  it('puts the files of an Ubuntu desktop together', () => {
    const host = fakeHost({
      files: {
        '/proc/self/status': 'CapEff:\t0000000000000000\nNoNewPrivs:\t0\n',
        '/proc/sys/kernel/cap_last_cap': '40\n',
        '/proc/sys/fs/nr_open': '1073741816\n',
        '/proc/sys/user/max_user_namespaces': '127235\n',
        '/proc/sys/kernel/unprivileged_userns_clone': '1\n',
        '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n',
        '/proc/self/oom_score_adj': '-1000\n',
        '/proc/self/ns/user': '',
        '/etc/subuid': 'alice:100000:65536\n',
        '/etc/subgid': 'alice:200000:65536\n',
        '/usr/bin/newuidmap': '',
        '/usr/bin/newgidmap': '',
      },
    });
    const facts = collectHostFacts(alice, host);
    expect(facts).toMatchObject({
      arch: 'arm64',
      kernel: { release: '6.8.0-45-generic', major: 6, minor: 8 },
      pid: 4711,
      euid: 1000,
      egid: 1000,
      capabilities: [],
      userNamespaces: {
        max: 127235,
        unprivilegedDisabled: false,
        apparmorRestricted: true,
        subuid: [{ start: 100000, count: 65536 }],
        subgid: [{ start: 200000, count: 65536 }],
        newidmap: true,
      },
      oomScoreAdj: -1000,
      noNewPrivileges: false,
      nrOpen: 1073741816,
      cgroups: { mode: 'none' },
    });
    expect(facts.knownCapabilities).toHaveLength(41);
    expect(facts.features).toMatchObject({ openat2: true, user_namespace: true, time_namespace: false });
  });

  it('does with a host that hides /proc', () => {
    const facts = collectHostFacts(alice, fakeHost({ files: {} }));
    expect(facts).toMatchObject({ capabilities: [], oomScoreAdj: 0, nrOpen: 1048576, noNewPrivileges: false });
    expect(facts.userNamespaces).toMatchObject({ max: Number.MAX_SAFE_INTEGER, subuid: [], newidmap: false });
  });

  it("sees Debian's switch against user namespaces", () => {
    const host = fakeHost({ files: { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' } });
    expect(collectHostFacts(alice, host).userNamespaces.unprivilegedDisabled).toBe(true);
  });

  it('needs both helpers of id maps', () => {
    const host = fakeHost({ files: { '/usr/bin/newuidmap': '' } });
    expect(collectHostFacts(alice, host).userNamespaces.newidmap).toBe(false);
  });

  it('asks for the name of the user only when there are ranges', () => {
    const nameless = {
      ...alice,
      userName: () => {
        throw new Error('asked');
      },
    };
    expect(() => collectHostFacts(nameless, fakeHost({ files: {} }))).not.toThrow();
  });

  it.each([
    ['darwin', 'arm64'],
    ['linux', 'riscv64'],
    ['win32', 'x64'],
  ])('says that %s on %s is not supported, and does not throw', (platform, arch) => {
    const facts = collectHostFacts({ ...alice, platform, arch }, fakeHost({ files: {} }));
    expect(facts.arch).toBe('unsupported');
    expect(facts.cgroups).toEqual({ mode: 'none', v1: {} });
    expect(featureNames.filter((name) => facts.features[name])).toEqual([]);
    expect(facts).toMatchObject({ pid: 4711, euid: 1000, kernel: { major: 6 } });
  });
});

describe('probeHost', () => {
  it('describes this process', () => {
    const facts = probeHost();
    expect(facts).toMatchObject({ pid: process.pid, euid: process.geteuid?.() });
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
  });

  it('probes once, and again when asked', () => {
    const first = probeHost();
    expect(probeHost()).toBe(first);
    const again = probeHost({ fresh: true });
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
    expect(probeHost()).toBe(again);
  });
});
