/** State files that name a process that isn't the container's: it must not be signalled, joined or killed for it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from 'neverthrow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import type { HacoError } from '@haco/plan';
import { warmUp } from '../fixture.js';
import { attachTo, containers, haco, orThrow } from '../index.js';
import type { ContainerState } from '../state/container-state.js';
import { sampleState } from '../state/fixture.js';
import { bootId, isAlive, startTimeOf, type ProcessIdentity } from '../state/process-identity.js';
import type { ManagedContainer } from './managed-container.js';

let stateDir: string;
let stranger: ChildProcess;
/** The stranger, as a state file names it. */
let identity: ProcessIdentity;

const registry = () => containers({ stateDir });
const statePath = (name: string) => join(stateDir, name, 'state.json');

/** Let the file of a container say something else. */
function forge(name: string, state: ContainerState): void {
  mkdirSync(join(stateDir, name), { recursive: true, mode: 0o700 });
  writeFileSync(statePath(name), JSON.stringify(state));
}

/** What a start leaves whose owner was killed: by its file it runs, and nobody holds it. */
function forgeLost(name: string, process: ProcessIdentity): void {
  const supervisor = { ...process, detached: true };
  forge(name, sampleState({ name, status: 'running', outcome: null, bootId: bootId(), supervisor, ...process }));
}

describeWith(['root'], 'a state file that names a stranger', () => {
  beforeAll(async () => {
    await warmUp();
    stateDir = join(await makeTemporaryDirectory('forged'), 'haco');
    mkdirSync(stateDir, { mode: 0o700 });
  });
  afterAll(() => rmSync(join(stateDir, '..'), { recursive: true }));
  beforeEach(async () => {
    stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    await new Promise((resolve) => stranger.once('spawn', resolve));
    const pid = stranger.pid ?? 0;
    identity = { pid, startTime: startTimeOf(pid) ?? 0 };
  });
  afterEach(async () => {
    rmSync(stateDir, { recursive: true });
    mkdirSync(stateDir, { mode: 0o700 });
    if (stranger.exitCode !== null || stranger.signalCode !== null) return;
    const ended = new Promise((resolve) => stranger.once('exit', resolve));
    stranger.kill('SIGKILL');
    await ended;
  });

  /** All that could reach a process by way of its file. */
  const requests: Readonly<Record<string, (found: ManagedContainer) => Promise<Result<unknown, HacoError>>>> = {
    'state()': async (found) => found.state(),
    'kill()': async (found) => found.kill('SIGKILL'),
    'stop()': async (found) => found.stop({ timeout: 0 }),
    'wait()': async (found) => found.wait({ timeout: 50 }),
    'exec()': async (found) => found.exec('/bin/true'),
    'checkpoint()': async (found) => found.checkpoint(),
    'remove()': async (found) => found.remove({ force: true }),
    'attachTo()': async ({ name }) => attachTo({ name, stateDir }),
    'list()': async () => registry().list(),
    'recover()': async () => registry().recover(),
  };

  /**
   * A number that fits its start time is what a crash leaves of a container, and is ended. The directory is private, and is refused when it
   * isn't (root.test.ts): whoever could write such a file there is the same user, and could send the signal himself.
   */
  test('is obeyed when the file names it by its start time, too (what the rest is measured by)', async () => {
    forgeLost('lost', identity);
    void (await registry().list());
    expect(isAlive(identity)).toBe(false);
  });

  describe('by its number alone leaves it alone', () => {
    const wrong: Readonly<Record<string, () => number>> = {
      'with a start time of nobody': () => identity.startTime + 1,
      'with that of another process': () => startTimeOf(process.pid) ?? 0,
      'with none that a process has': () => 0,
    };
    for (const [which, startTime] of Object.entries(wrong)) {
      test.each(Object.entries(requests))(`${which}: %s`, async (_request, ask) => {
        forgeLost('lost', { pid: identity.pid, startTime: startTime() });
        const found = await registry().get('lost');
        // get() tidies up already: the question itself shall meet the file as it was.
        forgeLost('lost', { pid: identity.pid, startTime: startTime() });
        void (await ask(orThrow(found)));
        expect(isAlive(identity)).toBe(true);
      });
    }
  });

  test('of another boot of the machine leaves it alone, whatever its start time', async () => {
    forge('lost', sampleState({ name: 'lost', status: 'running', outcome: null, bootId: 'another', ...identity }));
    const [found] = await orThrow(registry().list());
    expect(await orThrow(found!.state())).toMatchObject({ status: 'stopped', pid: null });
    await orThrow(found!.remove({ force: true }));
    expect(isAlive(identity)).toBe(true);
  });

  test('while the container runs: its owner knows better, and the container gets the signal', () =>
    expectNothingLeft(
      async () => {
        await using container = await orThrow(
          haco().name('held').unshare('pid').command('/bin/sleep', '60').start({ register: true, stateDir }),
        );
        const state = JSON.parse(readFileSync(statePath('held'), 'utf8')) as ContainerState;
        const found = await orThrow(registry().get('held'));
        // Joined is only who is the one that is named.
        forge('held', { ...state, pid: identity.pid, startTime: identity.startTime + 1 });
        expect((await attachTo({ name: 'held', stateDir }))._unsafeUnwrapErr().kind).toBe('state');
        expect((await found.exec('/bin/true'))._unsafeUnwrapErr().kind).toBe('state');
        expect((await found.files.read('/etc/hostname'))._unsafeUnwrapErr().kind).toBe('state');
        forge('held', { ...state, ...identity });
        await orThrow(found.kill('SIGKILL'));
        expect((await orThrow(container.wait())).signal).toBe('SIGKILL');
        await sleep(50);
        expect(isAlive(identity)).toBe(true);
      },
      { patienceMs: 5000 },
    ));
});
