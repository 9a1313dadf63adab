/** The probe, run on the host itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readlinkSync, statSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from './describe-with.js';
import { buildProbe, probePath } from './probe.js';
import { parseAnswer, parseFailure, parseReport, type ProbeCommand } from './probe-answers.js';
import { requires } from './requires.js';
import { runCommand } from './run-command.js';
import { makeTemporaryDirectory } from './temporary.js';

const probe = requires('probe').ok ? probePath() : '';
const run = (...args: readonly string[]) => runCommand([probe, ...args]);
const ask = async <C extends ProbeCommand>(command: C, ...args: readonly string[]) =>
  parseAnswer(command, (await run(command, ...args)).stdout);

describeWith(['probe'], 'the file', () => {
  test('the second build is the file of the first', () => {
    expect(buildProbe()._unsafeUnwrap()).toBe(probe);
    expect(statSync(probe).mode & 0o777).toBe(0o755);
  });
});

describeWith(['probe'], 'what the process is', () => {
  test('one report answers for many commands', async () => {
    const names = [
      'hostname', 'ids', 'caps', 'ns', 'cwd', 'signals', 'rlimits', 'umask', 'session', 'pids', 'oom-score', 'fds', 'mounts', 'tty', 'clock',
    ] as const; // prettier-ignore
    const report = parseReport(names, (await run('report', ...names)).stdout);
    expect(report.hostname.hostname).toBe(hostname());
    expect(report.ids.uid).toBe(process.getuid?.());
    expect(report.cwd.cwd).toBe(process.cwd());
    expect(report.session.ppid).toBe(process.pid);
    expect(report.pids.pids).toContain(report.session.pid);
    expect(report.ns.uts).toBe(Number(/\d+/.exec(readlinkSync('/proc/self/ns/uts'))?.[0]));
    expect(report.mounts.mounts.some(({ target, type }) => target === '/proc' && type === 'proc')).toBe(true);
    expect(report.caps.effective).toMatch(/^[0-9a-f]{16}$/);
    expect(report.rlimits.nofile.soft).toEqual(expect.any(Number));
    expect(report.tty.stdin).toBe(false);
    expect(report.clock.boottime).toBeGreaterThanOrEqual(report.clock.monotonic);
  });

  test('a link named after a command is that command', async () => {
    const directory = await makeTemporaryDirectory('probe');
    try {
      await symlink(probe, join(directory, 'hostname'));
      const { stdout } = await runCommand([join(directory, 'hostname')]);
      expect(parseAnswer('hostname', stdout).hostname).toBe(hostname());
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('arguments and environment arrive byte for byte', async () => {
    expect(await ask('args', 'a "b"', 'ü\n')).toEqual({ args: ['a "b"', 'ü\n'] });
    const { stdout } = await runCommand([probe, 'env'], { env: { A: 'b=c', EMPTY: '' } });
    expect(parseAnswer('env', stdout)).toEqual({ A: 'b=c', EMPTY: '' });
  });

  test('an inherited descriptor is seen, whatever its number', async () => {
    const fd = openSync('/dev/zero', 'r');
    try {
      const child = spawn(probe, ['fds'], { stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore', fd] });
      const [text] = (await once(child.stdout?.setEncoding('utf8') ?? child, 'data')) as [string];
      const found = parseAnswer('fds', text).fds.find(({ target }) => target === '/dev/zero');
      expect(found).toEqual({
        fd: 5,
        target: '/dev/zero',
        type: 'character-device',
        access: 'r',
        closeOnExec: false,
      });
    } finally {
      closeSync(fd);
    }
  });

  test('an ignored signal is seen', async () => {
    const { stdout } = await runCommand(['env', '--ignore-signal=USR1', '--block-signal=HUP', probe, 'signals']);
    expect(parseAnswer('signals', stdout)).toEqual({
      ignored: ['SIGUSR1'],
      blocked: ['SIGHUP'],
      caught: [],
      pending: [],
    });
  });
});

describeWith(['probe'], 'what the process can do', () => {
  test('files are written, read and listed', async () => {
    const directory = await makeTemporaryDirectory('probe');
    try {
      const path = join(directory, 'file');
      const { stdout } = await run('seq', 'write', path, 'hello', '--', 'read', path);
      const [written = '', read = ''] = stdout.split('\n');
      expect(parseAnswer('write', written).bytes).toBe(5);
      expect(parseAnswer('read', read).content).toBe('hello');
      expect((await ask('ls', directory)).entries).toMatchObject([{ name: 'file', type: 'file', size: 5 }]);
      expect(await ask('try-open', join(directory, 'none'))).toMatchObject({ opened: false, errno: 'ENOENT' });
      expect(await ask('stat', '/dev/null')).toMatchObject({ type: 'character-device', device: '1:3' });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('a failure names the syscall and the errno, and exits 1', async () => {
    const { stdout, exitCode } = await run('mount', 'none', '/nowhere-at-all', 'tmpfs');
    expect(exitCode).toBe(1);
    expect(parseFailure('mount', stdout)).toMatchObject({
      syscall: 'mount',
      errno: expect.stringMatching(/ENOENT|EPERM/),
    });
  });

  test('it ends as it is told', async () => {
    expect((await run('exit', '42')).exitCode).toBe(42);
    expect((await run('kill-self', 'SIGUSR2')).signal).toBe('SIGUSR2');
    expect((await run('nonsense')).exitCode).toBe(2);
  });

  test('it burns, fills, forks and leaves orphans', async () => {
    const { wallMs, cpuMs } = await ask('spin', '0.1');
    expect(wallMs).toBeGreaterThanOrEqual(100);
    expect(cpuMs).toBeGreaterThan(10);
    expect(await ask('hog', '8')).toEqual({ mib: 8 });
    expect(await ask('fork-bomb', '5')).toEqual({ forked: 5, errno: null });
    expect((await ask('zombies', '3')).orphans).toBe(3);
  });

  test('it writes as much as it is told, and copies', async () => {
    expect((await run('out', '100000')).stdout).toHaveLength(100_000);
    expect((await run('out', '10', 'stderr')).stderr).toHaveLength(10);
    expect((await runCommand([probe, 'cat'], { input: 'through' })).stdout).toBe('through');
  });

  test('a trapped signal is named', async () => {
    const child = spawn(probe, ['trap', 'TERM'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = child.stdout.setEncoding('utf8');
    expect(await once(output, 'data')).toEqual(['"ready"\n']);
    child.kill('SIGTERM');
    expect(await once(output, 'data')).toEqual(['"SIGTERM"\n']);
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  test('a change of the window size is told', async () => {
    // util-linux's script gives the probe a terminal; stty inside changes its size from next to it.
    // Again and again until it has been heard: the probe may not listen yet.
    const change = 'while kill -0 $! 2>/dev/null; do stty rows 33 cols $((n=n+1)); sleep 0.05; done';
    const inner = `n=80; ${probe} tty; ${probe} tty watch 1 & ${change}; wait`;
    const { stdout } = await runCommand(['script', '-qec', inner, '/dev/null']);
    const lines = stdout
      .trim()
      .split(/\r?\n/)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ stdin: true, stdout: true, controlling: true, devTtyOpens: true });
    expect(lines.at(-1)).toMatchObject({ rows: 33 });
  });

  test('message queues and shared memory are made, seen and removed', async () => {
    expect(await ask('mqueue', 'create', '/haco-test')).toEqual({ name: '/haco-test' });
    expect(await ask('mqueue', 'open', '/haco-test')).toEqual({ name: '/haco-test' });
    expect(await ask('mqueue', 'remove', '/haco-test')).toEqual({ name: '/haco-test' });
    const { id } = JSON.parse((await run('sysv-shm', 'create')).stdout) as { id: number };
    const list = async () =>
      (JSON.parse((await run('sysv-shm', 'list')).stdout) as { segments: { id: number }[] }).segments;
    expect((await list()).map((segment) => segment.id)).toContain(id);
    await run('sysv-shm', 'remove', String(id));
    expect((await list()).map((segment) => segment.id)).not.toContain(id);
  });
});
