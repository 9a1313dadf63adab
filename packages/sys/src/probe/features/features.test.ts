import { featureNames } from '@haco/plan';
import { describe, expect, it } from 'vitest';
import { type PortableSyscallName } from '../../codec/numbers.generated.js';
import { fakeHost } from '../fake-host.js';
import { parseKernelRelease } from '@haco/plan';
import { kernelFeatures } from './index.js';

const calls = ['clone3', 'openat2', 'close_range', 'pidfd_open', 'open_tree', 'mount_setattr'] as const;

function present(
  release: string,
  call: (name: PortableSyscallName) => number | undefined,
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  const probe = { host: fakeHost({ files, call }), kernel: parseKernelRelease(release) };
  return featureNames.filter((name) => kernelFeatures[name].isPresent(probe));
}

describe('kernel features', () => {
  it('are there when the kernel complains about the arguments', () => {
    expect(present('6.1.0', () => -22)).toEqual(expect.arrayContaining([...calls]));
    expect(present('6.1.0', () => -14)).toEqual(expect.arrayContaining([...calls]));
  });

  it('are absent when the call is unknown, or an outer seccomp filter forbids it', () => {
    for (const errno of [-38, -1]) {
      const names = present('6.1.0', () => errno);
      expect(names.filter((name) => (calls as readonly string[]).includes(name))).toEqual([]);
      expect(names).not.toContain('clone_into_cgroup');
    }
  });

  it('are told one by one', () => {
    const names = present('6.1.0', (name) => (name === 'clone3' ? -38 : -22));
    expect(names).not.toContain('clone3');
    expect(names).not.toContain('clone_into_cgroup');
    expect(names).toContain('openat2');
  });

  it('are believed when a distribution brings them to an older kernel', () => {
    expect(present('4.18.0-553.el8', () => -22)).toContain('openat2');
    expect(present('4.18.0-553.el8', () => -22)).not.toContain('clone_into_cgroup');
  });

  it('are decided by the version when no call can be made', () => {
    const names = present('5.11.0', () => undefined);
    expect(names).toEqual(expect.arrayContaining(['clone3', 'clone_into_cgroup', 'openat2', 'close_range']));
    expect(names).not.toContain('mount_setattr');
  });

  it('include cgroup.kill since 5.14', () => {
    expect(present('5.13.19', () => -22)).not.toContain('cgroup_kill');
    expect(present('5.14.0', () => -22)).toContain('cgroup_kill');
  });

  it('include the kinds of namespaces that /proc shows', () => {
    expect(present('6.1.0', () => -22)).not.toContain('time_namespace');
    const names = present('6.1.0', () => -22, { '/proc/self/ns/time': '', '/proc/self/ns/user': '' });
    expect(names).toEqual(expect.arrayContaining(['time_namespace', 'user_namespace']));
  });

  it('include programs in memory files unless vm.memfd_noexec is 2', () => {
    expect(present('5.11.0', () => -22)).toContain('memfd_exec');
    expect(present('6.6.0', () => -22, { '/proc/sys/vm/memfd_noexec': '1\n' })).toContain('memfd_exec');
    expect(present('6.6.0', () => -22, { '/proc/sys/vm/memfd_noexec': '2\n' })).not.toContain('memfd_exec');
  });

  it('each say since when they are there and what to do without them', () => {
    expect(kernelFeatures.openat2).toMatchObject({
      label: 'openat2(2)',
      since: '5.6',
      remedy: 'upgrade the kernel to 5.6 or newer, or allow the call in the seccomp profile of the outer container',
    });
    for (const { since, remedy } of Object.values(kernelFeatures)) {
      expect(since).toMatch(/^\d+\.\d+$/);
      expect(remedy).not.toMatch(/\.$/);
    }
  });
});
