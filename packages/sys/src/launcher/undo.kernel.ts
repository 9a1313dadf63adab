import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { orderSteps, slot, syscall, type Operation } from '@haco/plan';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { encodePlan, wireOrder } from '../codec/encode.js';
import { ownGroup, pathOfGroup } from '../fixtures/cgroup.js';
import { lives } from '../fixtures/lives.js';
import { startNode } from '../fixtures/node-program.js';
import { arch, clone, ended, exec, failed, step, warmUp } from '../fixtures/perform.js';

const AT_FDCWD = -100;
const O_CREAT_CLOEXEC = 0o2000101;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haco-sys-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const touch = (name: string): Operation => syscall('openat', [AT_FDCWD, join(home, name), O_CREAT_CLOEXEC, 0o600]);
const undo = (name: string, ...before: readonly Operation[]) => step('undo', [...before, touch(name)], `undo.${name}`);
const made = () => readdirSync(home).sort();

async function eventually(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 3000 && !condition(); tries++) await sleep(5);
  return condition();
}

describeWith(['root', 'controller:pids', 'cgroup1'], 'undo', () => {
  beforeAll(warmUp);

  it('comes after the end of the command', async () => {
    await ended([clone(), exec('/bin/sh', '-c', `sleep 0.05; [ -e ${home}/done ] || : > ${home}/first`), undo('done')]);
    expect(made()).toEqual(['done', 'first']);
  });

  it.each(['prepare', 'parent', 'session'] as const)(
    'comes after a failure in %s, which stays the answer',
    async (phase) => {
      const { failure } = await expectNothingLeft(async () =>
        failed([step(phase, [syscall('chdir', ['/nowhere'])], 'test.bad'), clone(), exec('/bin/true'), undo('done')]),
      );
      expect(failure).toMatchObject({ step: { id: 'test.bad' }, errno: 'ENOENT' });
      expect(made()).toEqual(['done']);
    },
  );

  it('goes on with the next step after one that fails, and tells the first failure', async () => {
    const { end } = await ended([
      clone(),
      exec('/bin/true'),
      undo('one'),
      undo('left-out', syscall('chdir', ['/nowhere'])),
      undo('left-out-too', syscall('chdir', ['/nowhere/else'])),
      undo('two'),
    ]);
    expect(made()).toEqual(['one', 'two']);
    expect(end.undoFailure).toMatchObject({ step: { id: 'undo.left-out' }, errno: 'ENOENT' });
  });

  it('finds -1 in slots that were never set', async () => {
    const { failure } = await failed([
      step('prepare', [syscall('chdir', ['/nowhere']), syscall('dup', [0], { save: 'never' })]),
      clone(),
      exec('/bin/true'),
      undo('tolerant', syscall('close', [slot('never')], { tolerate: ['EBADF'] })),
    ]);
    expect(failure).toMatchObject({ errno: 'ENOENT' });
    expect(made()).toEqual(['tolerant']);
  });

  it('does what the plan said at the start, whatever the container writes to the plan', async () => {
    // The new process still has the plan as descriptor 3: it may be under the control of whoever is in the namespaces that it entered.
    const attack = (offset: number) => [
      clone(),
      step('session', [
        syscall('pwrite64', [3, join(home, 'evil'), join(home, 'evil').length, offset], {
          expect: join(home, 'evil').length,
        }),
      ]),
      exec('/bin/true'),
      undo('good'),
    ];
    const { bytes } = encodePlan(wireOrder(orderSteps(attack(0))), {
      arch,
      callerPid: process.pid,
      dieWithCaller: true,
      notify: true,
      fds: [],
    });
    await ended(attack(bytes.indexOf(join(home, 'good'))));
    expect(made()).toEqual(['good']);
  });

  it('kills what is left in a v1 group, and removes it', async () => {
    const name = `haco-sys-test-${String(process.pid)}`;
    const script = 'sleep 1000 & (sleep 1000 &) ; setsid sleep 1000 & exit 0';
    const { end } = await expectNothingLeft(() => ended([...ownGroup(name), clone(), exec('/bin/sh', '-c', script)]));
    expect(end.undoFailure).toBeUndefined();
    expect(existsSync(pathOfGroup(name))).toBe(false);
  });

  it.each([
    'running',
    'as another user',
    'without undo',
    'with init',
    'at a barrier of the launcher',
    'at a barrier of the container',
    'waiting for something else',
  ])('%s: ends the container and removes its group when Node is killed', async (kind) => {
    const name = `haco-sys-doomed-${String(process.pid)}`;
    await expectNothingLeft(async () => {
      const node = startNode('doomed.ts', kind, name);
      const [line] = (await once(node.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      expect(pid).toBeGreaterThan(1);
      expect(lives(pid)).toBe(true);
      expect(existsSync(pathOfGroup(name))).toBe(kind !== 'without undo');
      // Without a group only the first process is known to anybody: its children are this test's own affair.
      const orphans = kind === 'without undo' ? await childrenOf(pid, 2) : [];
      node.kill('SIGKILL');
      expect(await eventually(() => !lives(pid) && !existsSync(pathOfGroup(name)))).toBe(true);
      for (const orphan of orphans) process.kill(orphan, 'SIGKILL');
    });
  });
});

async function childrenOf(pid: number, count: number): Promise<readonly number[]> {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  const read = () => readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number);
  expect(await eventually(() => read().length === count)).toBe(true);
  return read();
}
