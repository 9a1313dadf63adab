/** Hooks at every moment of a container's life: their order, what they can do, and what their failure does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { err, haco, orThrow, realRuntime, StateError, type Hook, type HookContext, type LogEntry } from '../index.js';
import { barrierPoints, type HookPoint } from './points.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const logged: LogEntry[] = [];
const quiet = { ...realRuntime, log: (entry: LogEntry) => void logged.push(entry) };
const base = () => haco({ runtime: quiet }).unshare('mount', 'pid', 'uts').chroot(rootfs.path);
const whole: readonly HookPoint[] = [
  'setup',
  'beforeFork',
  'afterNetworkCreated',
  'afterFork',
  'beforeChroot',
  'afterChroot',
  'beforeStartWait',
];
const points: readonly HookPoint[] = [...whole, 'teardownContainer', 'afterFailure', 'systemFailure', 'teardown'];

/** A builder with a hook at every point that notes it. */
function noting(notes: string[], note: (context: HookContext) => string = ({ point }) => point) {
  return points.reduce((builder, point) => builder.hook(point, (context) => void notes.push(note(context))), base());
}

describeWith(['root', 'busybox', 'probe'], 'hooks', () => {
  it('are called at every point, in order', async () => {
    const notes: string[] = [];
    await expectNothingLeft(() => orThrow(noting(notes).sh('exit 0').run()));
    expect(notes).toEqual([...whole, 'teardownContainer', 'teardown']);
    notes.length = 0;
    await expectNothingLeft(() => orThrow(noting(notes).sh('exit 3').run()));
    expect(notes).toEqual([...whole, 'teardownContainer', 'afterFailure', 'teardown']);
  });

  it('are told who the container is, and how it ends', async () => {
    const notes: string[] = [];
    const builder = noting(notes, ({ point, name, pid, metadata, outcome, error, rootfs: root, spec }) =>
      [point, name, pid !== undefined, metadata['job'], outcome?.exitCode, error?.kind, root, spec.version].join(' '),
    );
    await expectNothingLeft(() => orThrow(builder.name('told').metadata({ job: '1' }).sh('exit 3').run()));
    expect(notes[0]).toBe(`setup told false 1   ${rootfs.path} 1`);
    expect(notes[3]).toBe(`afterFork told true 1   ${rootfs.path} 1`);
    expect(notes.at(-1)).toBe(`teardown told false 1 3  ${rootfs.path} 1`);
  });

  it('of one point come one after the other, and find what earlier ones have left', async () => {
    const notes: string[] = [];
    const first: Hook = async ({ shared }) => {
      await sleep(20);
      shared.set('x', 'left');
      notes.push('first');
    };
    const second: Hook = ({ shared }) => void notes.push(`second ${String(shared.get('x'))}`);
    const builder = base().hook('setup', first).hook('setup', second).hook('teardown', second).sh('true');
    await expectNothingLeft(() => orThrow(builder.run()));
    expect(notes).toEqual(['first', 'second left', 'second left']);
  });

  it('run commands in the half-made container: before and after its root is entered', async () => {
    const seen: Record<string, string> = {};
    const look =
      (...command: readonly [string, ...string[]]): Hook =>
      async ({ point, run }) => {
        seen[point] = (await orThrow(run(...command))).stdout.trim();
      };
    const builder = base()
      .name('inside')
      .tmpfs('/tmp')
      .hook('beforeChroot', look('/bin/sh', '-c', 'ls -d /root/.. && hostname'))
      .hook('afterChroot', look('/bin/sh', '-c', 'echo made > /tmp/by-hook; ls /; echo $$'))
      .hook('beforeStartWait', look('hostname'))
      .sh('cat /tmp/by-hook; sleep 0.3');
    const { stdout } = await expectNothingLeft(() => orThrow(builder.run()));
    expect(stdout).toBe('made\n');
    expect(seen['beforeChroot']).toContain('/root/..');
    // Nothing but the test's root, in the container's pid namespace.
    expect(seen['afterChroot']).toMatch(/\bbin\b.*\n\d{1,2}$/s);
    expect(seen['beforeStartWait']).toBe('inside');
  });

  it('can not run commands where there is no container', async () => {
    const messages: string[] = [];
    const ask: Hook = async ({ run }) => void messages.push((await run('true'))._unsafeUnwrapErr().message);
    await expectNothingLeft(() => orThrow(base().hook('setup', ask).hook('teardown', ask).sh('true').run()));
    expect(messages).toEqual(
      Array.from(
        { length: 2 },
        () =>
          "Can't run a command in the container while it has no process; do it in a hook from afterNetworkCreated to beforeStartWait, before that hook is over.",
      ),
    );
  });

  test.each(whole)('that fail at %s fail the start, which names them; the container is torn down', async (point) => {
    for (const how of ['run', 'start'] as const) {
      const notes: string[] = [];
      const fails: Hook = () => {
        throw new Error('the disk is full');
      };
      const builder = noting(notes)
        .hook(point, () => undefined)
        .hook(point, fails, { name: 'fill' })
        .memory('64MiB')
        .sh('sleep 60');
      const error = (await expectNothingLeft(() => builder[how]()))._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'hook', hook: `${point} (fill)` });
      expect(error.message).toBe(`The ${point} (fill) hook failed: the disk is full; mend the hook or remove it.`);
      const begun = point === 'setup' || point === 'beforeFork' ? [] : ['teardownContainer', 'afterFailure'];
      expect(notes).toEqual([...whole.slice(0, whole.indexOf(point) + 1), ...begun, 'systemFailure', 'teardown']);
    }
  });

  it('that fail without being fatal are warnings', async () => {
    logged.length = 0;
    const fails: Hook = () => err(new StateError({ what: 'x', state: 'y', remedy: 'z' }));
    const builder = base().name('warned').hook('afterFork', fails, { fatal: false }).hook('teardown', fails).sh('true');
    await expectNothingLeft(() => orThrow(builder.run()));
    expect(logged).toEqual(
      ['afterFork', 'teardown'].map((point) => ({
        container: 'warned',
        level: 'warning',
        message: `The ${point} hook failed: Can't x while y; z.; mend the hook or remove it.`,
      })),
    );
  });

  it('that are fatal after the end are the answer', async () => {
    const fails: Hook = () => Promise.reject(new Error('no'));
    const builder = base().hook('teardown', fails, { fatal: true }).sh('true');
    const error = (await expectNothingLeft(() => builder.run()))._unsafeUnwrapErr();
    expect(error.message).toBe('The teardown hook failed: no; mend the hook or remove it.');
  });

  it('that take too long fail, and are told', async () => {
    let told = false;
    const hangs: Hook = ({ signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => (told = true));
      });
    for (const point of ['beforeFork', 'beforeChroot', 'beforeStartWait'] as const) {
      told = false;
      const builder = base().hook(point, hangs, { timeout: '50ms' }).sh('sleep 60');
      const error = (await expectNothingLeft(() => builder.run()))._unsafeUnwrapErr();
      expect(error.message).toBe(`The ${point} hook failed: it took longer than 50 ms; mend the hook or remove it.`);
      expect(told).toBe(true);
    }
  });

  it('are no matter of what is executed in the container', async () => {
    const notes: string[] = [];
    await expectNothingLeft(async () => {
      await using container = await orThrow(noting(notes).sh('sleep 60').start());
      await orThrow(container.exec('true'));
      expect(notes).toEqual(whole);
    });
  });

  it('are called for each container of a pool', async () => {
    const notes: string[] = [];
    await expectNothingLeft(async () => {
      await using pool = await orThrow(noting(notes).pool({ size: 1 }));
      expect((await orThrow(pool.run('/bin/echo', 'x'))).stdout).toBe('x\n');
    });
    const count = (point: HookPoint) => notes.filter((note) => note === point).length;
    expect(count('beforeStartWait')).toBe(1);
    expect(count('teardown')).toBe(count('setup'));
  });

  test.each(['beforeFork', ...barrierPoints, 'beforeStartWait'] as const)(
    'at %s: when Node is killed meanwhile, nothing is left',
    async (point) => {
      await expectNothingLeft(async () => {
        const program = fileURLToPath(new URL('doomed.fixture.ts', import.meta.url));
        const args = ['--conditions', '@haco/source', '--import', 'tsx', program, point, rootfs.path];
        const node = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        const [line] = (await once(node.stdout, 'data')) as [Buffer];
        const pid = Number(line.toString());
        expect(pid > 0).toBe(point !== 'beforeFork');
        node.kill('SIGKILL');
        await once(node, 'close');
        for (let i = 0; i < 200 && pid > 0 && existsSync(`/proc/${String(pid)}`); i++) await sleep(10);
        expect(pid > 0 && existsSync(`/proc/${String(pid)}`)).toBe(false);
      });
    },
    60_000,
  );
});

describeWith(['root', 'busybox', 'probe'], 'the plan of hooks', () => {
  it('shows where the start waits, and why', () => {
    const builder = base()
      .hook('afterChroot', () => undefined, { name: 'fill' })
      .hook('afterChroot', () => undefined)
      .hook('setup', () => undefined);
    const text = String(orThrow(builder.explain()));
    expect(text).toContain('[root] call the hooks afterChroot (fill), afterChroot (number 2)');
    expect(text).toContain('why: the root is the new one, and all capabilities are still there (hooks.hooks[0])');
    expect(text).toContain('(wait for Node: hooks.afterChroot)');
    const ids = orThrow(builder.explain()).steps.map(({ id, phase }) => `${phase} ${id}`);
    const root = ids.filter((id) => id.startsWith('root '));
    expect(root.at(-1)).toBe('root hooks.afterChroot');
  });
});
