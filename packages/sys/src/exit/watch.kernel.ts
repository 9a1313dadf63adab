import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { nodeCommand, outputOf, startNode } from '../fixtures/node-program.js';
import { readyForkServer } from '../launcher/fork-server.js';
import { begin, clone, ended, exec, step, warmUp } from '../fixtures/perform.js';

const undo = step('undo', [{ op: 'syscall', name: 'getpid', args: [] }]);

describeWith(['root'], 'the end of containers', () => {
  beforeAll(warmUp);

  it('is noticed for a hundred at once, without a thread for any of them', async () => {
    await expectNothingLeft(async () => {
      const none = openSync('/dev/null', 'r+');
      const threads = () => readdirSync('/proc/self/task').length;
      const before = threads();
      const many = Array.from({ length: 100 }, (_, i) =>
        begin([clone(), exec('/bin/sleep', '1000'), ...(i % 2 === 0 ? [undo] : [])], { stdio: [none, none, none] }),
      );
      const started = await Promise.all(many.map((one) => one.started));
      expect(started.every((one) => one.isOk())).toBe(true);
      expect(threads() - before).toBe(0);
      // In the reverse order, so that none is found by waiting for the first.
      for (const one of [...many].reverse()) one.kill(15);
      const ends = await Promise.all(many.map((one) => one.ended));
      expect(ends.map(({ signal }) => signal)).toEqual(many.map(() => 15));
      closeSync(none);
    });
  });

  it('is noticed when it comes before Node looks', async () => {
    const none = openSync('/dev/null', 'r+');
    const launched = begin([clone(), exec('/bin/true')], { stdio: [none, none, none] });
    // The event loop stands still until long after the end.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    expect((await launched.started).isOk()).toBe(true);
    expect((await launched.ended).exitCode).toBe(0);
    closeSync(none);
  });

  it('leaves children of child_process to Node', async () => {
    const other = new Promise((resolve) => spawn('/bin/sh', ['-c', 'sleep 0.05; exit 5']).on('exit', resolve));
    const { end } = await ended([clone(), exec('/bin/sh', '-c', 'sleep 0.05; exit 6')]);
    expect([await other, end.exitCode]).toEqual([5, 6]);
  });

  it('tells that nothing was undone when somebody kills the launcher', async () => {
    const none = openSync('/dev/null', 'r+');
    const launched = begin([clone(), exec('/bin/sleep', '1000'), undo], { stdio: [none, none, none] });
    // For a moment the command still has the name of what executes it.
    const { pid: command } = (await launched.started)._unsafeUnwrap();
    // The spare of the fork server, which would become the next one, is no loss.
    const mine = launchers().filter((pid) => pid !== readyForkServer() && pid !== command);
    expect(mine).not.toHaveLength(0);
    for (const pid of mine) process.kill(pid, 'SIGKILL');
    expect(launched.kill(15)).toBe(true);
    const end = await launched.ended;
    closeSync(none);
    expect(end).toMatchObject({ signal: 15, undoFailure: { step: { id: 'test.undo' }, errno: 'ECANCELED' } });
  });

  it('is noticed in worker threads, which keep no thread of the pool', async () => {
    const output = await expectNothingLeft(() => outputOf(startNode('in-worker.ts')));
    expect(JSON.parse(output)).toEqual({ codes: Array.from({ length: 5 }, () => [3, 3, 3]), poolIsFree: true });
  });

  it('comes with the end of the worker that started it', async () => {
    const output = await expectNothingLeft(() => outputOf(startNode('in-worker.ts', 'stay')));
    expect(output).toBe('terminated\n');
  });

  it('or an error, and no leak, is what comes of a start that runs out of descriptors', async () => {
    const child = spawn('/bin/sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', ...nodeCommand('few-descriptors.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = (await expectNothingLeft(() => outputOf(child))).trim().split('\n');
    expect(lines[0]).toMatch(/^0 left: .*EMFILE/);
    expect(lines.at(-2)).toBe('7 left: 0');
    // Fewer is no leak: some versions of Node close one of their own in between.
    expect(Number(/^leaked: (-?\d+)$/.exec(lines.at(-1) ?? '')?.[1])).toBeLessThanOrEqual(0);
    expect(lines.slice(0, -1).every((line) => /EMFILE|left: 0$/.test(line))).toBe(true);
  });
});

/** Pids of this process's launchers. */
function launchers(): readonly number[] {
  return readdirSync('/proc/self/task').flatMap((tid) => childrenOf(tid));
}

function childrenOf(tid: string): readonly number[] {
  const text = readFileSync(`/proc/self/task/${tid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'haco-init\n')
    .map(Number);
}
