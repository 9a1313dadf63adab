import { describeWith, hidingSyscalls, runCommand } from '@haco/testkit';
import { type HostFacts } from '@haco/plan';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { probeHost } from './host-facts.js';

const source = fileURLToPath(new URL('host-facts.ts', import.meta.url));
const script = `import { probeHost } from ${JSON.stringify(source)}; console.log(JSON.stringify(probeHost()));`;

/** The facts as another Node process sees them. */
const probeElsewhere = [
  process.execPath,
  '--conditions=@haco/source',
  '--import=tsx',
  '--input-type=module',
  '-e',
  script,
];

async function factsFrom(command: readonly string[]): Promise<HostFacts> {
  const { stdout, stderr } = await runCommand(command);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as HostFacts;
}

describeWith(['root', 'kernel:5.14'], 'probeHost on a kernel that has everything', () => {
  it('finds every call', () => {
    const { features, kernel, capabilities } = probeHost({ fresh: true });
    expect(kernel.release).toBe(release());
    expect(features).toMatchObject({
      clone3: true,
      clone_into_cgroup: true,
      openat2: true,
      close_range: true,
      pidfd_open: true,
      open_tree: true,
      mount_setattr: true,
      cgroup_kill: true,
    });
    expect(capabilities).toContain('sys_admin');
  });

  it('says that a hierarchy which is mounted read-only is not writable', async () => {
    const mounts = Object.values(probeHost().cgroups.v1);
    const mount = probeHost().cgroups.v2 ?? mounts[0];
    if (mount === undefined) throw new Error('this host has no cgroups');
    expect(mount.writable).toBe(true);
    const readOnly = `mount --bind -o remount,ro ${mount.mountPoint} && exec "$@"`;
    const command = ['unshare', '--mount', '--propagation=private', 'sh', '-ec', readOnly, 'sh', ...probeElsewhere];
    const { cgroups } = await factsFrom(command);
    const seen = [cgroups.v2, ...Object.values(cgroups.v1)].find((one) => one?.mountPoint === mount.mountPoint);
    expect(seen).toMatchObject({ mountPoint: mount.mountPoint, writable: false });
  });

  it('finds no cgroups where a later mount hides them', async () => {
    const hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"';
    const command = ['unshare', '--mount', '--propagation=private', 'sh', '-ec', hide, 'sh', ...probeElsewhere];
    expect((await factsFrom(command)).cgroups).toEqual({ mode: 'none', v1: {} });
  });
});

describeWith(['root', 'seccomp', 'probe', 'kernel:5.14'], 'probeHost behind a seccomp filter', () => {
  it('counts unknown calls as absent', async () => {
    const hide = ['clone3', 'openat2', 'close_range', 'pidfd_open', 'open_tree', 'mount_setattr'] as const;
    const { features } = await factsFrom(hidingSyscalls({ hide, command: probeElsewhere })._unsafeUnwrap());
    for (const name of hide) expect([name, features[name]]).toEqual([name, false]);
    expect(features).toMatchObject({ clone_into_cgroup: false, cgroup_kill: true });
  });

  it('counts forbidden calls as absent', async () => {
    // Without clone3: glibc makes no threads, so Node doesn't start, when that is EPERM.
    const hide = ['openat2', 'close_range', 'pidfd_open', 'open_tree', 'mount_setattr'] as const;
    const command = hidingSyscalls({ hide, errno: 'EPERM', command: probeElsewhere })._unsafeUnwrap();
    const { features } = await factsFrom(command);
    for (const name of hide) expect([name, features[name]]).toEqual([name, false]);
    expect(features.clone3).toBe(true);
  });
});
