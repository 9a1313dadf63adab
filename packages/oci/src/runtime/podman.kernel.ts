/** podman with haco-oci as its runtime: the real engine, on this machine. */
import { rm } from 'node:fs/promises';
import { describeWith, makeRootfs, makeTemporaryDirectory, runCommand, type Finished } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRuntime, type TestRuntime } from './testing.js';

let runtime: TestRuntime;
let directory: string;

/** Below the limits of any machine: podman's own defaults may be above. */
const limits = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=4096:4096', '--network', 'none'];

function podman(...args: readonly string[]): Promise<Finished> {
  const where = ['--root', `${directory}/root`, '--runroot', `${directory}/run`, '--storage-driver', 'vfs'];
  const how = ['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--runtime', runtime.path];
  return runCommand(['podman', ...where, ...how, ...args]);
}

const run = (...args: readonly string[]): Promise<Finished> => podman('run', ...limits, ...args);

describeWith(['root', 'busybox', 'probe', 'seccomp', 'tool:podman', 'tool:conmon', 'tool:tar'], 'podman', () => {
  beforeAll(async () => {
    runtime = await makeRuntime();
    directory = await makeTemporaryDirectory('podman');
    const rootfs = await makeRootfs({ shell: true });
    await runCommand(['tar', '-C', rootfs.path, '-cf', `${directory}/image.tar`, '.']);
    await rootfs.remove();
    const imported = await podman('import', `${directory}/image.tar`, 'bb:1');
    expect(imported).toMatchObject({ exitCode: 0 });
  }, 120_000);
  afterAll(async () => {
    await podman('rm', '--all', '--force', '--time', '0');
    runtime.remove();
    await rm(directory, { recursive: true, force: true });
  }, 120_000);

  test('runs a command with its output and exit code', { timeout: 120_000 }, async () => {
    const script = 'hostname; exit 5';
    expect(await run('--rm', '--hostname', 'inside', 'bb:1', '/bin/sh', '-c', script)).toMatchObject({
      exitCode: 5,
      stdout: 'inside\n',
    });
    expect(await run('--rm', 'bb:1', 'nonesuch')).toMatchObject({ exitCode: 127 });
  });

  test('keeps to limits, capabilities, a read-only root and tmpfs', { timeout: 120_000 }, async () => {
    const script = [
      'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max 2>/dev/null || cat memory.max pids.max',
      'grep CapEff /proc/self/status; touch /new 2>&1; grep -c "^tmpfs /fresh " /proc/mounts',
    ].join('\n');
    const options = ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '50', '--cap-drop', 'all', '--read-only'];
    const { stdout } = await run('--rm', ...options, '--tmpfs', '/fresh', 'bb:1', '/bin/sh', '-c', script);
    expect(stdout).toBe('67108864\n50\nCapEff:\t0000000000000000\ntouch: /new: Read-only file system\n1\n');
  });

  test('lives through exec, logs, pause, stop and removal', { timeout: 180_000 }, async () => {
    expect(await run('-d', '--name', 'long', 'bb:1', '/bin/sh', '-c', 'echo begun; sleep 1000')).toMatchObject({
      exitCode: 0,
    });
    await expect.poll(async () => (await podman('logs', 'long')).stdout).toBe('begun\n');
    expect(await podman('exec', 'long', '/bin/sh', '-c', 'id -u; exit 4')).toMatchObject({
      exitCode: 4,
      stdout: '0\n',
    });
    expect((await podman('ps', '--format', '{{.Names}}')).stdout).toBe('long\n');
    expect(await podman('pause', 'long')).toMatchObject({ exitCode: 0 });
    expect((await podman('inspect', '--format', '{{.State.Status}}', 'long')).stdout).toBe('paused\n');
    expect(await podman('unpause', 'long')).toMatchObject({ exitCode: 0 });
    expect(await podman('stop', '--time', '0', 'long')).toMatchObject({ exitCode: 0 });
    expect((await podman('inspect', '--format', '{{.State.ExitCode}}', 'long')).stdout).toBe('137\n');
    expect(await podman('rm', '--force', 'long')).toMatchObject({ exitCode: 0 });
    expect(await runtime.call('list', '--quiet')).toMatchObject({ stdout: '' });
  });

  test('gives a terminal', { timeout: 120_000 }, async () => {
    expect((await run('--rm', '-t', 'bb:1', '/bin/sh', '-c', 'test -t 0 && echo yes')).stdout).toContain('yes');
  });
});
