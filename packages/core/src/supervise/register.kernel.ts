/** Containers that register themselves: found by name from other processes, one of a name, nothing left whoever is killed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { attachTo, containers, haco, orThrow } from '../index.js';
import { printed, says, spawnProgram } from './fixtures.js';

let stateDir: string;

beforeAll(async () => {
  await warmUp();
  stateDir = join(await makeTemporaryDirectory('state'), 'haco');
});
afterAll(() => rmSync(join(stateDir, '..'), { recursive: true }));

const registry = () => containers({ stateDir });
const nothingLeft = <T>(run: () => Promise<T>) => expectNothingLeft(run, { patienceMs: 5000 });
const sleeper = () => haco().unshare('pid', 'uts').pids(20).command('/bin/sleep', '60');

describeWith(['root'], 'a registered container', () => {
  test('is found by its name, says how it is, and is gone when it has ended', () =>
    nothingLeft(async () => {
      await using container = await orThrow(
        sleeper().name('reg-found').metadata({ job: '7' }).start({ register: true, stateDir }),
      );
      const [found] = await orThrow(registry().list());
      const state = await orThrow(found!.state());
      expect(state).toMatchObject({
        name: 'reg-found',
        status: 'running',
        pid: container.pid,
        supervisor: { pid: process.pid, detached: false },
        metadata: { job: '7' },
        outcome: null,
      });
      expect(state.cgroups.length).toBeGreaterThan(0);
      const { stdout } = await orThrow(found!.exec('/bin/sh', '-c', 'echo $$; hostname'));
      expect(stdout).toMatch(/^[2-9]\nreg-found\n$/);
      expect((await orThrow(found!.stats())).pids?.current).toBe(1);
      const waiting = found!.wait();
      await orThrow(found!.kill('SIGKILL'));
      expect(await orThrow(waiting)).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
      await orThrow(container.wait());
      expect(await orThrow(registry().list())).toEqual([]);
      expect((await registry().get('reg-found'))._unsafeUnwrapErr().message).toBe(
        'There is no container "reg-found"; look which there are with containers().list(); those of other users, or of another HACO_STATE_DIR, are not seen.',
      );
    }));

  test('is paused and resumed by others, and isn’t joined meanwhile', () =>
    nothingLeft(async () => {
      await using _container = await orThrow(sleeper().name('reg-paused').start({ register: true, stateDir }));
      const found = await orThrow(registry().get('reg-paused'));
      await orThrow(found.freeze());
      expect((await orThrow(found.state())).status).toBe('paused');
      expect((await found.exec('true'))._unsafeUnwrapErr().message).toBe(
        "Can't run a command in the container while it is paused; thaw() it first.",
      );
      await orThrow(found.thaw());
      expect((await orThrow(found.state())).status).toBe('running');
      const { limits } = await orThrow(found.update({ pids: 30 }));
      expect(limits.map(({ to }) => to)).toContain('30');
      expect(await orThrow(found.stop({ timeout: 50 }))).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
    }));

  test('is attached to by name from another process, confined as its spec says', () =>
    nothingLeft(async () => {
      await using _container = await orThrow(
        sleeper().name('reg-attached').noNewPrivileges().seccomp('default').start({ register: true, stateDir }),
      );
      const there = await printed(
        spawnProgram(`
          const found = await orThrow(attachTo({ name: 'reg-attached', stateDir: ${JSON.stringify(stateDir)} }));
          const { stdout } = await orThrow(found.exec('/bin/grep', '^Seccomp:', '/proc/self/status'));
          console.log(stdout.trim());
        `),
      );
      expect(there).toBe('Seccomp:\t2\n');
      const gone = await attachTo({ name: 'nobody', stateDir });
      expect(gone._unsafeUnwrapErr().kind).toBe('not-found');
    }));

  test(
    'ten processes start one name at the same moment: one wins, nine are told of the conflict',
    () =>
      nothingLeft(async () => {
        const go = join(stateDir, '..', 'go');
        const programs = Array.from({ length: 10 }, () =>
          spawnProgram(`
          import { existsSync } from 'node:fs';
          console.log('ready');
          while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 1));
          const result = await haco().name('reg-contested').unshare('pid').command('/bin/sleep', '60')
            .start({ register: true, stateDir: ${JSON.stringify(stateDir)} });
          console.log(result.isOk() ? 'won' : result.error.kind + ': ' + result.error.message);
          if (result.isErr()) process.exit(0);
        `),
        );
        const lines = programs.map((child) => {
          let text = '';
          child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
          child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
          return () => text;
        });
        await Promise.all(programs.map((child) => says(child, 'ready')));
        writeFileSync(go, '');
        await expect
          .poll(() => lines.filter((line) => /won|conflict|:/.test(line())).length, { timeout: 20_000 })
          .toBe(10);
        const answers = lines.map((line) => line().replace('ready\n', ''));
        expect(answers.filter((answer) => answer === 'won\n')).toHaveLength(1);
        const conflict =
          'conflict: The container name "reg-contested" is already in use; a container of this name runs or is being made; stop it, or choose another name.\n';
        expect(answers.filter((answer) => answer === conflict)).toHaveLength(9);
        const found = await orThrow(registry().get('reg-contested'));
        await orThrow(found.kill('SIGKILL'));
        for (const child of programs) child.kill('SIGKILL');
        rmSync(go);
      }),
    60_000,
  );

  test('its program is killed, and its launcher with it: the name is free again, the groups are gone', () =>
    nothingLeft(async () => {
      const child = spawnProgram(`
        import { execFileSync } from 'node:child_process';
        const container = await orThrow(haco().name('reg-lost').pids(20).command('/bin/sh', '-c', 'sleep 60 & sleep 60')
          .start({ register: true, stateDir: ${JSON.stringify(stateDir)} }));
        console.log('running', container.pid);
      `);
      await says(child, 'running');
      const found = await orThrow(registry().get('reg-lost'));
      const before = await orThrow(found.state());
      // The launcher waits to undo: without it, nobody else would remove the groups.
      const launcher = launcherOf(child.pid ?? 0, before.pid ?? 0);
      process.kill(launcher, 'SIGKILL');
      child.kill('SIGKILL');
      await printed(child);
      expect(before.cgroups.every(({ path }) => existsSync(path))).toBe(true);
      expect(await orThrow(registry().list())).toEqual([]);
      expect(before.cgroups.some(({ path }) => existsSync(path))).toBe(false);
      expect(readdirSync(stateDir)).toEqual([]);
      // The same name again, at once.
      const again = await orThrow(sleeper().name('reg-lost').start({ register: true, stateDir }));
      await again[Symbol.asyncDispose]();
    }));

  test(
    'takes no orders from a pid namespace that isn’t its own, even of root',
    () =>
      nothingLeft(async () => {
        await using _container = await orThrow(sleeper().name('reg-orders').start({ register: true, stateDir }));
        const ask = `
        const { ask } = await import(${JSON.stringify(fileURLToPath(new URL('./control.ts', import.meta.url)))});
        const answer = await ask(${JSON.stringify(join(stateDir, 'reg-orders', 'control'))}, { op: 'freeze' });
        console.log(answer.isOk() ? 'obeyed' : answer.error.message);
      `;
        // First where nothing is in the way: the same question is answered.
        expect(await printed(spawnProgram(ask))).toBe('obeyed\n');
        await orThrow((await orThrow(registry().get('reg-orders'))).thaw());
        expect(await printed(spawnProgram(ask, {}, ['unshare', '--pid', '--fork', '--kill-child']))).toBe(
          'Not allowed to ask the supervisor: you are in another user or pid namespace, as what runs in a container is; ask from the host.\n',
        );
      }),
    60_000,
  );

  test('what is broken is listed, says what is wrong, and can be removed', async () => {
    mkdirSync(join(stateDir, 'broken'), { mode: 0o700 });
    writeFileSync(join(stateDir, 'broken', 'state.json'), '{"version":1,');
    const [broken] = await orThrow(registry().list());
    expect((await broken!.state())._unsafeUnwrapErr().message).toBe(
      `Could not read the state "${stateDir}/broken/state.json"; it is not JSON: it was cut off or overwritten; remove it with remove({ force: true }).`,
    );
    await orThrow(broken!.remove({ force: true }));
    expect(await orThrow(registry().list())).toEqual([]);
  });
});

/** The child of `node` that isn't the container. */
function launcherOf(node: number, container: number): number {
  const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && parentOf(Number(entry)) === node);
  const launchers = children.map(Number).filter((pid) => pid !== container && commandOf(pid).includes('haco'));
  expect(launchers).toHaveLength(1);
  return launchers[0] ?? 0;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(textOf(`/proc/${String(pid)}/status`))?.[1] ?? 0);
}

function commandOf(pid: number): string {
  return textOf(`/proc/${String(pid)}/comm`);
}
