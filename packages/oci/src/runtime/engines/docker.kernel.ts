/** dockerd with haco-oci as its runtime: the real engine, on this machine. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, type Finished } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { dockerdNeeds, type Dockerd, useDockerd } from './dockerd.js';

let engine: Dockerd;

const docker = (...args: readonly string[]): Promise<Finished> => engine.docker(...args);
const run = (...args: readonly string[]): Promise<Finished> => docker('run', '--network', 'none', ...args);
const sh = (script: string): readonly string[] => ['bb:1', '/bin/sh', '-c', script];

/** A field of a container, as a template of Go. */
async function inspect(name: string, template: string): Promise<string> {
  return (await docker('inspect', '--format', template, name)).stdout.trim();
}

describeWith(['root', 'busybox', 'probe', 'seccomp', ...dockerdNeeds], 'docker', () => {
  const dockerd = useDockerd();
  beforeAll(() => {
    engine = dockerd();
  });

  test('has it as its default runtime', async () => {
    expect((await docker('info', '--format', '{{.DefaultRuntime}}')).stdout).toBe('haco\n');
  });

  test('runs a command with its output, its name and its exit code', { timeout: 120_000 }, async () => {
    expect(await run('--rm', '--hostname', 'inside', ...sh('hostname; echo beside >&2; exit 5'))).toMatchObject({
      exitCode: 5,
      stdout: 'inside\n',
      stderr: 'beside\n',
    });
  });

  test('is told why a command cannot be run', { timeout: 120_000 }, async () => {
    const missing = await run('--rm', 'bb:1', 'nonesuch');
    expect(missing.exitCode).toBe(127);
    expect(missing.stderr).toMatch(/nonesuch.* not found/);
  });

  test('keeps to limits, capabilities, a read-only root, a user and a directory', { timeout: 120_000 }, async () => {
    const script = [
      'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us 2>/dev/null || cat memory.max pids.max',
      'grep CapEff /proc/self/status; touch /new 2>&1; grep -c "^tmpfs /fresh " /proc/mounts',
    ].join('\n');
    const limits = ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '50', '--cap-drop', 'all', '--read-only'];
    const { stdout } = await run('--rm', ...limits, '--tmpfs', '/fresh', ...sh(script));
    expect(stdout.replace('50000\n', '')).toBe(
      '67108864\n50\nCapEff:\t0000000000000000\ntouch: /new: Read-only file system\n1\n',
    );
    const user = ['--user', '1000:1001', '--workdir', '/tmp', '--env', 'A=b', '--ulimit', 'nofile=100:200'];
    const { stdout: who } = await run('--rm', ...user, ...sh('id -u; id -g; pwd; echo $A; ulimit -n'));
    expect(who).toBe('1000\n1001\n/tmp\nb\n100\n');
  });

  test('has its filter of system calls, and none where it is told so', { timeout: 120_000 }, async () => {
    const script = 'grep ^Seccomp: /proc/self/status';
    expect((await run('--rm', ...sh(script))).stdout).toBe('Seccomp:\t2\n');
    expect((await run('--rm', '--security-opt', 'seccomp=unconfined', ...sh(script))).stdout).toBe('Seccomp:\t0\n');
  });

  test('gives what it can to a privileged container', { timeout: 120_000 }, async () => {
    const effectiveIn = (status: string): bigint => BigInt(`0x${/^CapEff:\t(.*)$/m.exec(status)?.[1] ?? ''}`);
    const { stdout } = await run('--rm', '--privileged', ...sh('grep ^CapEff /proc/self/status'));
    const [given, ours] = [effectiveIn(stdout), effectiveIn(readFileSync('/proc/self/status', 'utf8'))];
    expect(given & (1n << 21n)).toBe(1n << 21n);
    expect(given & ~ours).toBe(0n);
  });

  test('says that the memory was not enough', { timeout: 120_000 }, async () => {
    // The shell lives on: what an engine hears of it only after the end comes too late for it.
    const script = 'dd if=/dev/zero of=/dev/null bs=200M count=1; code=$?; sleep 1; exit $code';
    const { exitCode } = await run('--name', 'hog', '--memory', '32m', ...sh(script));
    expect(exitCode).toBe(137);
    expect(await inspect('hog', '{{.State.ExitCode}} {{.State.OOMKilled}}')).toBe('137 true');
    await docker('rm', 'hog');
  });

  test('gives terminals, to containers and in them', { timeout: 120_000 }, async () => {
    expect((await run('--rm', '--tty', ...sh('test -t 0 && echo yes'))).stdout).toBe('yes\r\n');
  });

  test(
    'lives through exec, stats, top, update, pause, cp, stop, restart and removal',
    { timeout: 180_000 },
    async () => {
      expect(await run('--detach', '--name', 'long', ...sh('echo begun; sleep 1000'))).toMatchObject({ exitCode: 0 });
      await expect.poll(async () => (await docker('logs', 'long')).stdout).toBe('begun\n');
      expect(await docker('exec', 'long', '/bin/sh', '-c', 'id -u; exit 4')).toMatchObject({
        exitCode: 4,
        stdout: '0\n',
      });
      expect((await docker('top', 'long', '-eo', 'pid,comm')).stdout).toMatch(/^PID +COMMAND\n\d+ +(sh|sleep)\n/);
      const stats = await docker('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', 'long');
      expect(stats.stdout).toBe('long 1\n');
      expect(await docker('update', '--memory', '80m', '--memory-swap', '160m', 'long')).toMatchObject({ exitCode: 0 });
      expect((await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', 'long')).stdout).toMatch(
        / \/ 80MiB\n$/,
      );
      expect(await docker('pause', 'long')).toMatchObject({ exitCode: 0 });
      expect(await inspect('long', '{{.State.Status}}')).toBe('paused');
      expect(await docker('unpause', 'long')).toMatchObject({ exitCode: 0 });
      const copy = join(engine.directory, 'copy');
      expect(await docker('cp', 'long:/bin/busybox', copy)).toMatchObject({ exitCode: 0 });
      expect(readFileSync(copy).equals(readFileSync('/bin/busybox'))).toBe(true);
      expect(await docker('stop', '--time', '0', 'long')).toMatchObject({ exitCode: 0 });
      expect(await inspect('long', '{{.State.ExitCode}}')).toBe('137');
      expect(await docker('start', 'long')).toMatchObject({ exitCode: 0 });
      expect(await docker('restart', '--time', '0', 'long')).toMatchObject({ exitCode: 0 });
      expect(await inspect('long', '{{.State.Status}}')).toBe('running');
      expect(await docker('rm', '--force', 'long')).toMatchObject({ exitCode: 0 });
    },
  );

  test('looks after the health of containers', { timeout: 120_000 }, async () => {
    const health = ['--health-cmd', 'test -e /tmp/ok', '--health-interval', '300ms', '--health-retries', '2'];
    await run('--detach', '--name', 'sick', ...health, ...sh('touch /tmp/ok; sleep 1000'));
    await expect.poll(() => inspect('sick', '{{.State.Health.Status}}'), { timeout: 30_000 }).toBe('healthy');
    await docker('exec', 'sick', 'rm', '/tmp/ok');
    await expect.poll(() => inspect('sick', '{{.State.Health.Status}}'), { timeout: 30_000 }).toBe('unhealthy');
    await docker('rm', '--force', 'sick');
  });

  test('builds an image', { timeout: 180_000 }, async () => {
    const context = join(engine.directory, 'context');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM bb:1\nRUN echo made > /made && test $(id -u) = 0\nCMD ["/bin/cat", "/made"]\n',
    );
    expect(await docker('build', '--tag', 'made:1', context)).toMatchObject({ exitCode: 0 });
    expect(await run('--rm', 'made:1')).toMatchObject({ exitCode: 0, stdout: 'made\n' });
  });

  test('connects containers with each other, and publishes a port', { timeout: 120_000 }, async () => {
    const script = 'while true; do echo hello | nc -l -p 80; done';
    await docker('run', '--detach', '--name', 'web', '--publish', '8080:80', ...sh(script));
    const address = await inspect('web', '{{.NetworkSettings.IPAddress}}');
    const other = () => docker('run', '--rm', ...sh(`nc ${address} 80 </dev/null`));
    await expect.poll(async () => (await other()).stdout, { timeout: 30_000 }).toBe('hello\n');
    const fetch = () => engine.beside(['/bin/busybox', 'nc', '127.0.0.1', '8080']);
    await expect.poll(async () => (await fetch()).stdout, { timeout: 30_000 }).toBe('hello\n');
    await docker('rm', '--force', 'web');
  });

  test('leaves nothing on the host', { timeout: 120_000 }, async () => {
    const script = 'touch /data/x 2>&1; sleep 1000 &';
    const { stdout } = await expectNothingLeft(() =>
      run('--rm', '--volume', `${engine.directory}:/data:ro`, ...sh(script)),
    );
    expect(stdout).toContain('Read-only file system');
    expect((await docker('ps', '--all', '--quiet')).stdout).toBe('');
  });
});
