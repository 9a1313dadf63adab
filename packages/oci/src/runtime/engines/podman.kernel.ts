/** podman with haco-oci as its runtime: the real engine, on this machine. */
import { readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { describeWith, expectNothingLeft, makeTemporaryDirectory, type Finished } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePodman, podmanImage, podmanNeeds, type Podman } from './podman.js';
import { makeRuntime, type TestRuntime } from '../testing.js';

/** A few on most days; the whole 200 with HACO_PODMAN_ROW=200. */
const inARow = Number(process.env['HACO_PODMAN_ROW'] ?? 5);

let runtime: TestRuntime;
let directory: string;

let podman: Podman;

/** One podman for the tests of a suite. */
function usePodman(): void {
  beforeAll(async () => {
    runtime = await makeRuntime();
    directory = await makeTemporaryDirectory('podman');
    podman = await makePodman(directory, runtime.path);
  }, 120_000);
  afterAll(async () => {
    await podman('rm', '--all', '--force', '--time', '0');
    runtime.remove();
    await rm(directory, { recursive: true, force: true });
  }, 120_000);
}

const run = (...args: readonly string[]): Promise<Finished> => podman('run', '--network', 'none', ...args);

describeWith(['root', 'busybox', 'probe', 'seccomp', ...podmanNeeds], 'podman', () => {
  usePodman();

  test('runs a command with its output and exit code', { timeout: 120_000 }, async () => {
    const script = 'hostname; exit 5';
    expect(await run('--rm', '--hostname', 'inside', podmanImage, '/bin/sh', '-c', script)).toMatchObject({
      exitCode: 5,
      stdout: 'inside\n',
    });
    expect(await run('--rm', podmanImage, 'nonesuch')).toMatchObject({ exitCode: 127 });
  });

  test('keeps to limits, capabilities, a read-only root and tmpfs', { timeout: 120_000 }, async () => {
    const script = [
      'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max 2>/dev/null || cat memory.max pids.max',
      'grep CapEff /proc/self/status; touch /new 2>&1; grep -c "^tmpfs /fresh " /proc/mounts',
    ].join('\n');
    const options = ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '50', '--cap-drop', 'all', '--read-only'];
    const { stdout } = await run('--rm', ...options, '--tmpfs', '/fresh', podmanImage, '/bin/sh', '-c', script);
    expect(stdout).toBe('67108864\n50\nCapEff:\t0000000000000000\ntouch: /new: Read-only file system\n1\n');
  });

  test('lives through exec, logs, pause, stop and removal', { timeout: 180_000 }, async () => {
    expect(await run('-d', '--name', 'long', podmanImage, '/bin/sh', '-c', 'echo begun; sleep 1000')).toMatchObject({
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

  test('has its filter of system calls, and none where it is told so', { timeout: 120_000 }, async () => {
    const command = [podmanImage, 'grep', '^Seccomp:', '/proc/self/status'];
    expect((await run('--rm', ...command)).stdout).toBe('Seccomp:\t2\n');
    expect((await run('--rm', '--security-opt', 'seccomp=unconfined', ...command)).stdout).toBe('Seccomp:\t0\n');
  });

  test('counts what a container uses, copies files, and looks after its health', { timeout: 180_000 }, async () => {
    const health = ['--health-cmd', 'test -e /tmp/ok', '--health-interval', 'disable', '--health-retries', '1'];
    await run('--detach', '--name', 'watched', '--memory', '64m', ...health, podmanImage, '/bin/sleep', '1000');
    const stats = await podman('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}} {{.PIDS}}', 'watched');
    expect(stats.stdout).toMatch(/^watched .* \/ 67\.11MB 1\n$/);
    expect(await podman('healthcheck', 'run', 'watched')).toMatchObject({ exitCode: 1 });
    const file = `${directory}/ok`;
    await writeFile(file, 'copied\n');
    expect(await podman('cp', file, 'watched:/tmp/ok')).toMatchObject({ exitCode: 0 });
    expect((await podman('exec', 'watched', 'cat', '/tmp/ok')).stdout).toBe('copied\n');
    expect(await podman('healthcheck', 'run', 'watched')).toMatchObject({ exitCode: 0 });
    await podman('rm', '--force', '--time', '0', 'watched');
  });

  test('makes pods, whose containers share namespaces', { timeout: 180_000 }, async () => {
    const made = await podman('pod', 'create', '--name', 'both', '--share', 'ipc,uts,net', '--network', 'none');
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    const inPod = ['--pod', 'both'];
    await podman(
      'run',
      '--detach',
      ...inPod,
      '--name',
      'first',
      podmanImage,
      '/bin/sh',
      '-c',
      'while true; do hostname | nc -l -p 80; done',
    );
    const second = () =>
      podman('run', '--rm', ...inPod, podmanImage, '/bin/sh', '-c', 'hostname; nc 127.0.0.1 80 </dev/null');
    await expect.poll(second, { timeout: 30_000 }).toMatchObject({ stdout: 'both\nboth\n' });
    expect(await podman('pod', 'rm', '--force', '--time', '0', 'both')).toMatchObject({ exitCode: 0 });
    expect(await runtime.call('list', '--quiet')).toMatchObject({ stdout: '' });
  });

  test('leaves nothing of many containers in a row', { timeout: 60_000 + inARow * 10_000 }, async () => {
    const cycle = async (index: number): Promise<void> => {
      const name = `row${String(index)}`;
      const command = [podmanImage, '/bin/sh', '-c', 'echo begun; exec sleep 1000'];
      for (const args of [
        // With a network namespace, limits, a tmpfs and a hook-free life as most have it.
        ['create', '--network', 'none', '--memory', '64m', '--tmpfs', '/fresh', '--name', name, ...command],
        ['start', name],
        ['stop', '--time', '0', name],
        ['rm', name],
      ]) {
        const done = await podman(...args);
        if (done.exitCode !== 0) throw new Error(`podman ${args.join(' ')}: ${done.stderr}`);
      }
    };
    // What podman makes once for all of them is none of theirs.
    await cycle(0);
    const before = [readdirSync(runtime.root), readdirSync(`${directory}/runroot`)];
    await expectNothingLeft(async () => {
      for (let index = 1; index <= inARow; index += 1) await cycle(index);
      expect(await podman('ps', '--all', '--quiet')).toMatchObject({ stdout: '' });
    });
    expect([readdirSync(runtime.root), readdirSync(`${directory}/runroot`)]).toEqual(before);
  });

  test('gives a terminal', { timeout: 120_000 }, async () => {
    expect((await run('--rm', '-t', podmanImage, '/bin/sh', '-c', 'test -t 0 && echo yes')).stdout).toContain('yes');
  });
});

const counts = 'i=0; while :; do i=$((i+1)); echo $i; echo $i >/tmp/count; sleep 0.02; done';

describeWith(['root', 'busybox', 'criu', ...podmanNeeds], 'podman container checkpoint and restore', () => {
  usePodman();

  const count = async (name: string): Promise<number> =>
    Number((await podman('exec', name, 'cat', '/tmp/count')).stdout || '0');
  const logged = async (name: string): Promise<readonly number[]> =>
    (await podman('logs', name)).stdout.trim().split('\n').map(Number);

  test('a container goes on at its number, with its log and its limits', { timeout: 180_000 }, async () => {
    const options = ['--detach', '--name', 'saved', '--memory', '64m', '--read-only'];
    expect(await run(...options, podmanImage, '/bin/sh', '-c', counts)).toMatchObject({ exitCode: 0 });
    await expect.poll(() => count('saved')).toBeGreaterThan(5);
    expect(await podman('container', 'checkpoint', 'saved')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await podman('ps', '--quiet')).stdout).toBe('');
    const before = (await logged('saved')).at(-1) ?? 0;
    expect(await podman('container', 'restore', 'saved')).toMatchObject({ exitCode: 0, stderr: '' });
    await expect.poll(() => count('saved')).toBeGreaterThan(before);
    // Each number once: nothing was lost of the pipe, and nothing begun anew.
    const numbers = await logged('saved');
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const limit = 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes 2>/dev/null || cat memory.max; touch /new 2>&1';
    expect((await podman('exec', 'saved', '/bin/sh', '-c', limit)).stdout).toBe(
      '67108864\ntouch: /new: Read-only file system\n',
    );
    expect(await podman('stop', '--time', '0', 'saved')).toMatchObject({ exitCode: 0 });
    expect((await podman('inspect', '--format', '{{.State.ExitCode}}', 'saved')).stdout).toBe('137\n');
    await podman('rm', '--force', '--time', '0', 'saved');
    expect(await runtime.call('list', '--quiet')).toMatchObject({ stdout: '' });
  });

  test(
    'it goes on while it is saved, and is another container from the exported file',
    { timeout: 180_000 },
    async () => {
      await run('--detach', '--name', 'first', podmanImage, '/bin/sh', '-c', counts);
      await expect.poll(() => count('first')).toBeGreaterThan(5);
      const file = `${directory}/exported.tar.gz`;
      const checkpoint = ['container', 'checkpoint', '--leave-running', '--export', file, 'first'];
      expect(await podman(...checkpoint)).toMatchObject({ exitCode: 0, stderr: '' });
      const number = await count('first');
      await expect.poll(() => count('first')).toBeGreaterThan(number);
      // The file has its id, too.
      await podman('rm', '--force', '--time', '0', 'first');
      const restore = ['container', 'restore', '--import', file, '--name', 'second'];
      expect(await podman(...restore)).toMatchObject({ exitCode: 0, stderr: '' });
      await expect.poll(() => count('second')).toBeGreaterThan(5);
      await podman('rm', '--force', '--time', '0', 'second');
      expect(await runtime.call('list', '--quiet')).toMatchObject({ stdout: '' });
    },
  );
});
