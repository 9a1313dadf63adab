import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { syscall } from '@haco/plan';
import { describeWith, expectNothingLeft, takeSnapshot } from '@haco/testkit';
import { outputOf, startNode } from '../fixtures/node-program.js';
import {
  begin,
  clone,
  contentOf,
  ended,
  exec,
  failed,
  perform,
  readyFor,
  scratchFile,
  step,
  warmUp,
  ways,
} from '../fixtures/perform.js';
import { announceStart, closeForkServer, readyForkServer } from './fork-server.js';

const parentOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);

/** Processes that this one has started. */
const children = (): readonly number[] =>
  contentsOf(process.pid, `task/${String(process.pid)}/children`)
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);

/** A file of /proc; nothing when the process is gone. */
function contentsOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

const namespaceOf = (pid: number, kind: string): string => readlinkSync(`/proc/${String(pid)}/ns/${kind}`);

const isLauncher = (pid: number): boolean => contentsOf(pid, 'comm') === 'haco-init\n';

const alike = ({ announced = 0 }: { readonly announced?: number }, ...command: readonly [string, ...string[]]) =>
  ended([clone('CLONE_NEWPID', 'CLONE_NEWNS'), exec(...command)], { way: 'alone', announced });
/** Launchers of one test are not to be counted in the next. */
async function endServer(): Promise<void> {
  closeForkServer();
  await expect.poll(() => children().filter(isLauncher), { timeout: 15_000 }).toEqual([]);
}

/** The one process of the server that has namespaces of its own. */
const madeInAdvance = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) await alike({}, '/bin/true');
  const found = (): readonly number[] =>
    children().filter((pid) => isLauncher(pid) && namespaceOf(pid, 'pid') !== namespaceOf(process.pid, 'pid'));
  await expect.poll(() => found().length).toBe(1);
  return found()[0] ?? 0;
};

describeWith(['root', 'probe'], 'the fork server', () => {
  beforeAll(warmUp);
  afterEach(endServer);

  describe.each(ways)('a start that is %s', (way) => {
    it('tells exit code, output, steps and usage', async () => {
      const { end, stdout, pid } = await expectNothingLeft(() =>
        ended([clone('CLONE_NEWPID'), exec('/bin/sh', '-c', 'exit 7')], { way }),
      );
      expect(end).toMatchObject({ exitCode: 7, signal: null });
      expect(end.usage.maxRssBytes).toBeGreaterThan(0);
      expect(pid).toBeGreaterThan(1);
      expect(stdout).toBe('');
      expect(end.steps.map(({ step: id }) => id)).toContain('test.clone');
    });

    it('tells the signal that ended the command', async () => {
      const { end } = await ended([clone(), exec('/bin/sh', '-c', 'kill -15 $$')], { way });
      expect(end).toMatchObject({ exitCode: null, signal: 15 });
    });

    it('gives the command its three streams and nothing else', async () => {
      const { stdout: listed } = await ended([clone(), exec('/bin/ls', '/proc/self/fd')], { way });
      expect(listed.trim().split('\n')).toEqual(['0', '1', '2', '3']); // 3 is the listing itself
    });

    it('makes the container a child of Node', async () => {
      const none = openSync('/dev/null', 'r+');
      await readyFor(way);
      const launched = begin([clone(), exec('/bin/sleep', '1000')], { stdio: [none, none, none], way });
      if (way !== 'alone') expect((await launched.started).isOk()).toBe(true);
      const sleepers = (): readonly number[] =>
        children().filter((pid) => contentsOf(pid, 'cmdline').startsWith('/bin/sleep'));
      await expect.poll(sleepers).toHaveLength(1);
      const mine = sleepers();
      expect(parentOf(mine[0] ?? 0)).toBe(process.pid);
      expect(launched.runningForMs()).toBeGreaterThan(0);
      expect(launched.kill(9)).toBe(true);
      expect(await launched.ended).toMatchObject({ signal: 9 });
      expect(launched.kill(9)).toBe(false);
      closeSync(none);
    });

    it('names step, call and errno of a failure in the container', async () => {
      const bad = step('session', [syscall('chdir', ['/haco/nowhere'])], 'test.bad');
      const { error, failure } = await expectNothingLeft(() => failed([bad, clone(), exec('/bin/true')], { way }));
      expect(failure).toMatchObject({ errno: 'ENOENT', step: { id: 'test.bad' } });
      expect(error).toMatchObject({ kind: 'syscall', call: 'chdir("/haco/nowhere")' });
    });

    it('names a command that is not there', async () => {
      const { failure } = await failed([clone(), exec('/haco/nowhere')], { way });
      expect(failure).toMatchObject({ errno: 'ENOENT', step: { id: 'test.exec' } });
    });

    it('names a clone that the kernel refuses', async () => {
      const wrong = step('clone', [{ op: 'clone', flags: { flags: ['CLONE_THREAD'], value: 0x10000 } }]);
      const { failure } = await failed([wrong, exec('/bin/true')], { way });
      expect(failure).toMatchObject({ errno: 'EINVAL', step: { id: 'test.clone' } });
    });
  });

  it('says that a process which is killed during its set-up was being stopped', async () => {
    const none = openSync('/dev/null', 'r+');
    await readyFor('alone');
    const before = new Set(children());
    const slow = step('session', [syscall('poll', [0, 0, 5000])]);
    const launched = begin([clone(), slow, exec('/bin/true')], { stdio: [none, none, none], way: 'alone' });
    // It waits in the slow step.
    const waits = (pid: number): boolean => / S /.test(contentsOf(pid, 'stat')) && !before.has(pid);
    await expect.poll(() => children().some(waits)).toBe(true);
    expect(launched.runningForMs()).toBe(0);
    launched.kill(9);
    const started = await launched.started;
    expect(started._unsafeUnwrapErr().error.message).toMatch(/being stopped/);
    closeSync(none);
  });

  it('serves many starts at once, and each gets its own end', async () => {
    await readyFor('alone');
    const server = readyForkServer();
    const codes = Array.from({ length: 40 }, (_, index) => index);
    const ends = await Promise.all(
      codes.map((code) =>
        perform([clone(), exec('/bin/sh', '-c', `exit ${String(code)}`)], { untilEnd: code % 2 === 0 }),
      ),
    );
    expect(ends.map((result) => ('end' in result ? result.end.exitCode : result.failed.error.message))).toEqual(codes);
    expect(readyForkServer()).toBe(server);
  });

  it('ends when nothing was started for a second, and leaves nothing', async () => {
    closeForkServer();
    const before = takeSnapshot();
    await readyFor('served');
    const server = readyForkServer() ?? 0;
    await expect
      .poll(
        () => [...takeSnapshot().keys()].filter((key) => !before.has(key) && /process|zombie|descriptor/.test(key)),
        {
          timeout: 15_000,
        },
      )
      .toEqual([]);
    expect(spawnSync('kill', ['-0', String(server)]).status).not.toBe(0);
  });

  it('ends with Node, also when Node is killed', async () => {
    const child = startNode('served-forever.ts');
    const server = await new Promise<number>((resolve) =>
      child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(Number(text))),
    );
    expect(parentOf(server)).toBe(child.pid);
    child.kill('SIGKILL');
    await expect.poll(() => spawnSync('kill', ['-0', String(server)]).status, { timeout: 15_000 }).not.toBe(0);
  });

  it('that was killed is noticed: the start fails with a remedy, or goes another way, and the next one works', async () => {
    await readyFor('served');
    process.kill(readyForkServer() ?? 0, 'SIGKILL');
    const result = await perform([clone(), exec('/bin/true')]);
    if ('failed' in result) expect(result.failed.error.message).toMatch(/start the container again/);
    const { end } = await ended([clone(), exec('/bin/true')]);
    expect(end.exitCode).toBe(0);
  });

  it('has a launcher ready before it is asked for one, and another one after that', async () => {
    await readyFor('served');
    const spares = (): readonly number[] => children().filter((pid) => isLauncher(pid) && pid !== readyForkServer());
    await expect.poll(() => spares().length).toBe(1);
    const [spare] = spares();
    const none = openSync('/dev/null', 'r+');
    const undo = step('undo', [syscall('getpid', [])]);
    const launched = begin([clone(), exec('/bin/sleep', '1000'), undo], { stdio: [none, none, none], way: 'served' });
    const { pid } = (await launched.started)._unsafeUnwrap();
    // It has become the launcher, which stays to clean up, and the next spare is there.
    await expect.poll(() => spares().length).toBe(2);
    expect(spares()).toContain(spare);
    expect(spares()).not.toContain(pid);
    launched.kill(15);
    await launched.ended;
    closeSync(none);
  });

  it.each(['spare', 'server'] as const)('loses no start and no process when its %s is killed', async (which) => {
    await readyFor('served');
    const server = readyForkServer() ?? 0;
    await expect.poll(() => children().filter(isLauncher).length).toBe(2);
    const [spare = 0] = children().filter((pid) => isLauncher(pid) && pid !== server);
    process.kill(which === 'spare' ? spare : server, 'SIGKILL');
    const results = await Promise.all(Array.from({ length: 5 }, () => perform([clone(), exec('/bin/true')])));
    for (const result of results) {
      if ('failed' in result) expect(result.failed.error.message).toMatch(/start the container again/);
      else expect(result.end.exitCode).toBe(0);
    }
    const { end } = await ended([clone(), exec('/bin/true')]);
    expect(end.exitCode).toBe(0);
    closeForkServer();
    await expect.poll(() => children().filter((pid) => [server, spare].includes(pid) || isLauncher(pid))).toEqual([]);
  });

  it('gives way to a fresh one when what a child inherits has changed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'haco-sys-'));
    const home = process.cwd();
    const groups = process.getgroups?.() ?? [];
    const where = async (...command: readonly [string, ...string[]]): Promise<string> =>
      (await ended([clone(), exec(...command)], { untilEnd: true })).stdout.trim();
    try {
      await readyFor('alone');
      process.chdir(directory);
      expect(await where('/bin/pwd')).toBe(directory);

      await readyFor('alone');
      const limit = spawnSync('prlimit', ['--pid', String(process.pid), '--rss=4096:8192']);
      expect(limit.status).toBe(0);
      expect(await where('/bin/sh', '-c', 'ulimit -m')).toBe('4');

      await readyFor('alone');
      process.setgroups?.([12345]);
      expect(await where('/usr/bin/id', '-G')).toBe('0 12345');
    } finally {
      process.setgroups?.(groups);
      process.chdir(home);
      rmSync(directory, { recursive: true });
    }
  });

  describe('after two starts of one kind', () => {
    it('has the process of the next one ready, but for its mounts', async () => {
      const pid = await madeInAdvance();
      expect(namespaceOf(pid, 'mnt')).toBe(namespaceOf(process.pid, 'mnt'));
      const result = await alike({}, '/bin/readlink', '/proc/self/ns/mnt');
      expect(result.pid).toBe(pid);
      expect(result.stdout.trim()).not.toBe(namespaceOf(process.pid, 'mnt'));
    });

    it('shows the next one what was mounted since', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'haco-sys-'));
      const mount = (...args: readonly string[]) => expect(spawnSync('mount', args).status).toBe(0);
      mount('-t', 'tmpfs', '--make-private', 'before', directory);
      try {
        await madeInAdvance();
        // Where mounts spread to no other namespace.
        mount('-t', 'tmpfs', 'since', directory);
        const { stdout } = await alike({}, '/bin/grep', '-c', directory, '/proc/self/mounts');
        expect(stdout).toBe('2\n');
      } finally {
        spawnSync('umount', [directory]);
        spawnSync('umount', [directory]);
        rmSync(directory, { recursive: true });
      }
    });

    it('serves one of another kind as well, and waits for the process that was in vain', async () => {
      const pid = await madeInAdvance();
      const other = () => ended([clone('CLONE_NEWUTS'), exec('/bin/true')], { way: 'alone' });
      expect((await other()).pid).not.toBe(pid);
      await other();
      expect(children()).not.toContain(pid);
      const served = await ended([clone(), exec('/bin/true')], { way: 'served' });
      expect(served.end.exitCode).toBe(0);
    });

    it('loses no start when that process is killed', async () => {
      process.kill(await madeInAdvance(), 'SIGKILL');
      for (let i = 0; i < 5; i++) expect((await alike({}, '/bin/true')).end.exitCode).toBe(0);
    });

    it('performs nothing in it when what a child inherits has changed', async () => {
      const pid = await madeInAdvance();
      const home = process.cwd();
      try {
        process.chdir('/proc');
        const result = await ended([clone('CLONE_NEWPID', 'CLONE_NEWNS'), exec('/bin/pwd')], { untilEnd: true });
        expect(result.stdout).toBe('/proc\n');
        expect(result.pid).not.toBe(pid);
        await expect.poll(() => children()).not.toContain(pid);
      } finally {
        process.chdir(home);
      }
    });

    it('leaves nothing when it ends', async () => {
      await expectNothingLeft(() => madeInAdvance());
    });
  });

  it('hands over the descriptors that a plan names', async () => {
    const output = scratchFile();
    const note = step('session', [syscall('write', [{ fd: 'note' }, 'hello', 5], { expect: 5 })]);
    await ended([clone(), note, exec('/bin/true')], { way: 'alone', fds: ['note'], passed: [output] });
    expect(contentOf(output)).toBe('hello');
    closeSync(output);
  });

  it('is done without where the limit of open files leaves no room for it', async () => {
    expect(await outputOf(startNode('unusable-server.ts'))).toBe('0\n0\n0\n0\nno server\n');
  });
});

describeWith(['root', 'probe', 'two-processors'], 'an announced start', () => {
  beforeAll(warmUp);
  afterEach(endServer);

  it('enters all namespaces when the start is announced, and performs that start', async () => {
    const pid = await madeInAdvance();
    const announced = announceStart();
    expect(announced).toBeGreaterThan(0);
    await expect.poll(() => namespaceOf(pid, 'mnt')).not.toBe(namespaceOf(process.pid, 'mnt'));
    const own = namespaceOf(pid, 'mnt');
    const result = await alike({ announced }, '/bin/readlink', '/proc/self/ns/mnt');
    expect(result.pid).toBe(pid);
    expect(result.stdout.trim()).toBe(own);
  });

  it.each(['announced', 'unannounced'] as const)(
    'never performs another start in namespaces that were made for one that did not come: one that is %s',
    async (kind) => {
      const pid = await madeInAdvance();
      announceStart();
      await expect.poll(() => namespaceOf(pid, 'mnt')).not.toBe(namespaceOf(process.pid, 'mnt'));
      const announced = kind === 'announced' ? announceStart() : 0;
      const result = await alike({ announced }, '/bin/true');
      expect(result.pid).not.toBe(pid);
      for (let i = 0; i < 3; i++) expect((await alike({}, '/bin/true')).end.exitCode).toBe(0);
      expect(children()).not.toContain(pid);
    },
  );

  it('loses no start when that process is killed after an announcement', async () => {
    const pid = await madeInAdvance();
    const announced = announceStart();
    process.kill(pid, 'SIGKILL');
    expect((await alike({ announced }, '/bin/true')).end.exitCode).toBe(0);
    for (let i = 0; i < 5; i++) expect((await alike({ announced: announceStart() }, '/bin/true')).end.exitCode).toBe(0);
  });

  it('performs nothing that others see before the start is confirmed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'haco-sys-'));
    const home = process.cwd();
    const made = join(directory, 'made');
    const apart = step('mounts', [syscall('mount', [0, '/', 0, 0x44000, 0])], 'test.apart');
    const make = step('mounts', [syscall('mkdir', [made, 0o755])], 'test.make');
    try {
      const pid = await madeInAdvance();
      // The request is withdrawn, and goes to a launcher of its own.
      process.chdir('/proc');
      const steps = [clone('CLONE_NEWPID', 'CLONE_NEWNS'), apart, make, exec('/bin/pwd')];
      const result = await ended(steps, { untilEnd: true, announced: announceStart() });
      // A second mkdir would have failed.
      expect(result.stdout).toBe('/proc\n');
      expect(result.pid).not.toBe(pid);
      expect(result.end.steps.map(({ step: id }) => id)).toContain('test.make');
    } finally {
      process.chdir(home);
      rmSync(directory, { recursive: true });
    }
  });

  it('is none while another start is under way, or before there is a server', async () => {
    closeForkServer();
    expect(announceStart()).toBe(0);
    await readyFor('alone');
    const none = openSync('/dev/null', 'r+');
    const stdio = [none, none, none] as const;
    const launched = begin([clone(), exec('/bin/sleep', '0.2')], { stdio, way: 'alone' });
    expect(announceStart()).toBe(0);
    await launched.ended;
    closeSync(none);
  });

  it('is one beside containers that live, and a launcher hears of it as well', async () => {
    await readyFor('served');
    const none = openSync('/dev/null', 'r+');
    const stdio = [none, none, none] as const;
    const launched = begin([clone(), exec('/bin/sleep', '1000')], { stdio, way: 'served' });
    const { pid } = (await launched.started)._unsafeUnwrap();
    const announced = announceStart();
    expect(announced).toBeGreaterThan(0);
    expect((await ended([clone(), exec('/bin/true')], { way: 'served', announced })).end.exitCode).toBe(0);
    process.kill(pid, 'SIGKILL');
    await launched.ended;
    closeSync(none);
  });
});
