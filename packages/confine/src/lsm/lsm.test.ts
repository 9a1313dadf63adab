/** What apparmor() and selinux() ask of the kernel, and of the host. */
import { storedHosts } from '@haco/testkit';
import { describe, expect, test } from 'vitest';
import { callsOf, contextOf, hostWith } from '../fixture.js';
import { lsm } from './part.js';
import type { LsmSection } from './section.js';

const { apparmor, selinux } = lsm.verbs;
const profile = apparmor({}, 'docker-default');
const label = selinux({}, 'system_u:system_r:container_t:s0:c1,c2');
const debian = hostWith({ securityModules: ['landlock', 'apparmor'] });
const fedora = hostWith({ securityModules: ['selinux', 'bpf'] });

describe('the plan', () => {
  test('of an AppArmor profile: through a procfs that was looked at, past everything that is mounted in it', () => {
    const steps = lsm.plan(profile, contextOf(debian));
    expect(steps.map(({ id, phase }) => `${phase} ${id}`)).toEqual(['prepare lsm.procfs', 'confine lsm.apparmor']);
    expect(callsOf(steps)).toEqual([
      'openat(AT_FDCWD, "/proc", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <lsm.procfs>',
      'fstatfs(<lsm.procfs>, &lsm.statfs)',
      '(go on only if lsm.statfs tells of a procfs (PROC_SUPER_MAGIC))',
      'openat2(<lsm.procfs>, "thread-self/attr/apparmor/exec", {flags=O_WRONLY|O_CLOEXEC, mode=0, resolve=RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS|RESOLVE_BENEATH}, 24) = <lsm.file>',
      'write(<lsm.file>, "exec docker-default", 19)',
      'close(<lsm.file>)',
    ]);
  });

  test('of an SELinux label', () => {
    const calls = callsOf(lsm.plan(label, contextOf(fedora)));
    expect(calls.slice(3)).toEqual([
      'openat2(<lsm.procfs>, "thread-self/attr/exec", {flags=O_WRONLY|O_CLOEXEC, mode=0, resolve=RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS|RESOLVE_BENEATH}, 24) = <lsm.file>',
      'write(<lsm.file>, "system_u:system_r:container_t:s0:c1,c2", 38)',
      'close(<lsm.file>)',
    ]);
  });

  test('before Linux 5.8 AppArmor has no files of its own', () => {
    const old = { ...debian, kernel: { release: '5.4.0', major: 5, minor: 4 } };
    expect(callsOf(lsm.plan(profile, contextOf(old)))[3]).toContain('"thread-self/attr/exec"');
  });

  test('both together look at procfs once; nothing asked is nothing done', () => {
    const both = selinux(profile, 'u:r:t');
    expect(lsm.plan(both, contextOf(debian)).map(({ id }) => id)).toEqual([
      'lsm.procfs',
      'lsm.apparmor',
      'lsm.selinux',
    ]);
    expect(lsm.plan({}, contextOf(debian))).toEqual([]);
  });
});

describe('a host that does not run the module', () => {
  const messages = (section: LsmSection, ...args: Parameters<typeof contextOf>) =>
    lsm.check(section, contextOf(...args)).map(({ step, kind, message }) => `${step} ${kind}: ${message}`);

  test('is refused, with how to look', () => {
    expect(messages(profile, debian)).toEqual([]);
    expect(messages(label, fedora)).toEqual([]);
    expect(messages(profile, fedora)).toEqual([
      'lsm.apparmor unsupported: This host doesn\'t run AppArmor; check with "cat /sys/module/apparmor/parameters/enabled", leave apparmor() out, or allow to go on without it by { degrade: true }.',
    ]);
    const { confinement: _, ...silent } = storedHosts.v2;
    expect(messages(label, silent)).toEqual([
      'lsm.selinux unsupported: This host doesn\'t run SELinux; check with "ls /sys/fs/selinux", leave selinux() out, or allow to go on without it by { degrade: true }.',
    ]);
  });

  test('is gone on with where that is allowed, and said', () => {
    const lax = apparmor({}, 'docker-default', { degrade: true });
    expect(messages(lax, fedora)).toEqual([]);
    expect(lsm.plan(lax, contextOf(fedora))).toEqual([]);
    expect(lsm.degradations(lax, contextOf(fedora))).toEqual({ apparmor: 'refused' });
    expect(lsm.degradations(lax, contextOf(debian))).toEqual({});
    expect(lsm.plan(lax, contextOf(debian))).toHaveLength(2);
  });
});

describe('names', () => {
  const problems = (section: LsmSection) => lsm.validate(section).map(({ path }) => path);

  test.each(['docker-default', 'unconfined', '/usr/bin/man', 'a//&b', 'snap.x y'])('%j is a profile', (name) => {
    expect(problems(apparmor({}, name))).toEqual([]);
  });

  test.each(['', ' x', 'x ', 'x\ny', 'x\0', 'x'.repeat(5000)])('%j is none', (name) => {
    expect(problems(apparmor({}, name))).toEqual(['lsm.apparmor.profile']);
  });

  test.each(['', 'container_t', 'u:r', 'u:r:t:', 'u:r:t:s0 x', 'u:r:t\n'])('%j is no label', (name) => {
    expect(problems(selinux({}, name))).toEqual(['lsm.selinux.label']);
  });

  test('sections survive JSON, other shapes are refused', () => {
    const both = selinux(apparmor({}, 'x', { degrade: true }), 'u:r:t');
    expect(lsm.parse(JSON.parse(JSON.stringify(both)))._unsafeUnwrap()).toEqual(both);
    expect(
      lsm
        .parse({ apparmor: 'x', smack: {} })
        ._unsafeUnwrapErr()
        .map(({ path }) => path),
    ).toEqual(['smack', 'apparmor']);
  });
});
