/** Detached containers: from start to removal, with supervisors, starters and launchers that are killed on the way. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeTemporaryDirectory } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { containers, haco, loadDefinition, orThrow, type ContainerState, type ManagedContainer } from '../index.js';
import { printed, says, spawnProgram } from './fixtures.js';

let base: string;
let stateDir: string;

beforeAll(async () => {
  await warmUp();
  // Node keeps one inotify descriptor from its first watch on.
  watch('/').close();
  base = await makeTemporaryDirectory('detach');
  stateDir = join(base, 'state');
});
afterAll(() => rmSync(base, { recursive: true }));

const registry = () => containers({ stateDir });
const nothingLeft = <T>(run: () => Promise<T>) => expectNothingLeft(run, { patienceMs: 10_000 });
const get = (name: string) => orThrow(registry().get(name));
const stateOf = (container: ManagedContainer) => orThrow(container.state());
const until = async (container: ManagedContainer, is: (state: ContainerState) => boolean) => {
  await expect.poll(async () => is(await stateOf(container)), { timeout: 20_000, interval: 20 }).toBe(true);
  return stateOf(container);
};
async function output(container: ManagedContainer): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { text } of await orThrow(container.logs())) lines.push(text);
  return lines;
}

describeWith(['root'], 'a detached container', () => {
  test(
    'goes on by itself: state, output, commands, its end, its outcome until it is removed',
    () =>
      nothingLeft(async () => {
        const pidFile = join(base, 'web.pid');
        const web = await orThrow(
          haco()
            .name('det-web')
            .unshare('pid')
            .pids(20)
            .metadata({ job: '7' })
            .sh('echo hello; echo oops >&2; trap "echo bye; exit 3" TERM; while :; do sleep 0.05; done')
            .detach({ stateDir, pidFile }),
        );
        const state = await stateOf(web);
        expect(state).toMatchObject({
          name: 'det-web',
          status: 'running',
          supervisor: { detached: true },
          metadata: { job: '7' },
          restarts: 0,
          logFile: join(stateDir, 'det-web', 'log'),
          outcome: null,
        });
        expect(readFileSync(pidFile, 'utf8')).toBe(`${String(state.pid)}\n`);
        expect((await orThrow(web.exec('/bin/sh', '-c', 'echo $$'))).stdout).toMatch(/^\d+\n$/);
        expect((await web.wait({ timeout: 50 }))._unsafeUnwrapErr().message).toBe(
          'Waited 50 ms for the end of the container det-web and gave up; allow more time or look why it hangs.',
        );
        expect((await web.wait({ timeout: 'soon' }))._unsafeUnwrapErr().kind).toBe('invalid-spec');
        // Another process waits for its end.
        const waiter = spawnProgram(`
        const web = await orThrow(containers({ stateDir: ${JSON.stringify(stateDir)} }).get('det-web'));
        console.log('waiting');
        const { reason, exitCode } = await orThrow(web.wait());
        console.log(reason, exitCode);
      `);
        const said = printed(waiter);
        await says(waiter, 'waiting');
        expect(await orThrow(web.stop({ timeout: '10s' }))).toMatchObject({ reason: 'exited', exitCode: 3 });
        expect(await said).toContain('exited 3\n');
        expect(await stateOf(web)).toMatchObject({ status: 'stopped', pid: null, supervisor: null, cgroups: [] });
        expect(existsSync(pidFile)).toBe(false);
        expect((await output(web)).slice().sort()).toEqual(['bye', 'hello', 'oops']);
        expect((await orThrow((await get('det-web')).wait())).exitCode).toBe(3);
        expect((await web.exec('true'))._unsafeUnwrapErr().message).toBe(
          "Can't run a command in the container while the container det-web is stopped; start it again first.",
        );
        const taken = await haco().name('det-web').command('true').detach({ stateDir });
        expect(taken._unsafeUnwrapErr().message).toBe(
          'The container name "det-web" is already in use; a container of this name has ended, and is kept for its outcome; remove it first, or choose another name.',
        );
        const again = await orThrow(haco().name('det-web').command('/bin/true').detach({ stateDir, replace: true }));
        expect((await orThrow(again.wait())).exitCode).toBe(0);
        await orThrow(again.remove());
        expect(await orThrow(registry().list())).toEqual([]);
      }),
    60_000,
  );

  test(
    'that can’t start says why, as run() does, and leaves nothing',
    () =>
      nothingLeft(async () => {
        const builder = haco().name('det-bad').pids(20).command('/no/such/program');
        const [there, here] = [await builder.detach({ stateDir }), await builder.run()];
        expect(there._unsafeUnwrapErr().message).toBe(here._unsafeUnwrapErr().message);
        expect(there._unsafeUnwrapErr().kind).toBe('not-found');
        const noLog = await haco()
          .name('det-bad')
          .logs({ to: 'journald', socket: '/nope' })
          .command('true')
          .detach({ stateDir });
        expect(noLog._unsafeUnwrapErr().kind).toBe('not-found');
        const live = await haco()
          .name('det-bad')
          .signal(new AbortController().signal)
          .command('true')
          .detach({ stateDir });
        expect(live._unsafeUnwrapErr().message).toBe(
          'The spec is invalid: control.abort: an AbortSignal works only in this program; put the container into a definition and say detach({ definition: path }).',
        );
        expect(readdirSync(stateDir)).toEqual([]);
      }),
    60_000,
  );

  test(
    'outlives its starter, whenever that is killed; or was never there',
    () =>
      nothingLeft(async () => {
        for (const delayMs of [0, 20, 60, 150, 400, 1500]) {
          const starter = spawnProgram(`
          console.log('now');
          await orThrow(haco().name('det-orphan').pids(20).command('/bin/sleep', '60').detach({ stateDir: ${JSON.stringify(stateDir)} }));
          console.log('done');
          setInterval(() => undefined, 1000);
        `);
          const ended = printed(starter);
          await says(starter, 'now');
          await sleep(delayMs);
          starter.kill('SIGKILL');
          const told = (await ended).includes('done');
          // A supervisor that was begun goes on to its end of the start: until then the name is taken.
          await expect
            .poll(
              async () => {
                const entries = existsSync(stateDir) ? readdirSync(stateDir) : [];
                const found = await registry().get('det-orphan');
                return entries.length === 0 || (found.isOk() && (await stateOf(found.value)).status === 'running');
              },
              { timeout: 20_000 },
            )
            .toBe(true);
          const found = await registry().get('det-orphan');
          // Nothing is lost: what was told to run, runs.
          if (told) expect(found.isOk()).toBe(true);
          if (found.isOk()) await orThrow(found.value.remove({ force: true }));
        }
      }),
    120_000,
  );

  test(
    'whose supervisor is killed has ended with it; everything of it is removed, its output and the reason are kept',
    () =>
      nothingLeft(async () => {
        // Without a pid namespace, what it has started outlives its first process unless somebody ends it.
        const lost = await orThrow(
          haco().name('det-lost').pids(20).sh('echo begun; sleep 60 & sleep 60').detach({ stateDir }),
        );
        const before = await stateOf(lost);
        const waiting = lost.wait();
        await sleep(50);
        process.kill(before.supervisor?.pid ?? 0, 'SIGKILL');
        expect(await orThrow(waiting)).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
        const after = await stateOf(lost);
        expect(after).toMatchObject({ status: 'stopped', pid: null, cgroups: [] });
        expect(after.failure).toBe(
          `Its supervisor (process ${String(before.supervisor?.pid)}) was ended, and the container with it.`,
        );
        expect(before.cgroups.map(({ path }) => existsSync(path))).toEqual([false]);
        expect(await output(lost)).toEqual(['begun']);
        await orThrow(lost.remove());
      }),
    60_000,
  );

  test(
    'keeps its outcome on a disk that it has filled itself',
    () =>
      nothingLeft(async () => {
        const disk = join(base, 'disk');
        mkdirSync(disk);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=700', 'tmpfs', disk]);
        try {
          const script = `while [ ! -e ${join(base, 'go')} ]; do sleep 0.05; done; exit 3`;
          const full = await orThrow(haco().name('det-full').sh(script).detach({ stateDir: disk }));
          const { supervisor } = await stateOf(full);
          for (let rest = 64 * 1024; rest > 0;) {
            try {
              writeFileSync(join(disk, 'ballast'), Buffer.alloc(rest), { flag: 'a' });
            } catch {
              rest = Math.floor(rest / 2);
            }
          }
          writeFileSync(join(base, 'go'), '');
          await expect.poll(() => existsSync(`/proc/${String(supervisor?.pid)}`), { timeout: 10_000 }).toBe(false);
          expect(await stateOf(full)).toMatchObject({ status: 'stopped', failure: null, outcome: { exitCode: 3 } });
          expect(readdirSync(join(disk, 'det-full'))).not.toContain('room');
          rmSync(join(disk, 'ballast'));
          await orThrow(full.remove());
        } finally {
          execFileSync('umount', ['--lazy', disk]);
        }
      }),
    60_000,
  );

  test(
    'whose supervisor and launcher are killed, also while it is paused: its groups are removed by the next look',
    () =>
      nothingLeft(async () => {
        for (const paused of [false, true]) {
          const lost = await orThrow(haco().name('det-both').pids(20).sh('sleep 60 & sleep 60').detach({ stateDir }));
          if (paused) await orThrow(lost.freeze());
          const before = await stateOf(lost);
          const supervisor = before.supervisor?.pid ?? 0;
          const launchers = childrenOf(supervisor).filter((pid) => commandOf(pid).startsWith('haco-init'));
          expect(launchers.length).toBeGreaterThan(0);
          for (const pid of [...launchers, supervisor]) process.kill(pid, 'SIGKILL');
          expect(before.cgroups.some(({ path }) => existsSync(path))).toBe(true);
          await until(lost, ({ status }) => status === 'stopped');
          expect(before.cgroups.some(({ path }) => existsSync(path))).toBe(false);
          await orThrow(lost.remove());
        }
      }),
    60_000,
  );

  test(
    'whose supervisor is killed at any moment leaves nothing that the next start of its name doesn’t get rid of',
    () =>
      nothingLeft(async () => {
        for (const delayMs of [5, 30, 80, 200]) {
          const starting = haco().name('det-early').pids(20).command('/bin/sleep', '60').detach({ stateDir });
          const supervisor = await supervisorOf('det-early');
          await sleep(delayMs);
          process.kill(supervisor, 'SIGKILL');
          const started = await starting;
          if (started.isErr()) expect(started.error.message).toContain('it was killed before the container ran');
          else {
            await until(started.value, ({ status }) => status === 'stopped');
            await orThrow(started.value.remove());
          }
          expect(readdirSync(stateDir)).toEqual([]);
        }
      }),
    120_000,
  );

  test(
    'is started again as its policy says, with pauses, and stop() ends that',
    () =>
      nothingLeft(async () => {
        const failing = await orThrow(
          haco()
            .name('det-again')
            .restart('on-failure', { max: 2, delay: 10 })
            .sh('echo run; exit 4')
            .detach({ stateDir }),
        );
        expect((await orThrow(failing.wait())).exitCode).toBe(4);
        expect(await stateOf(failing)).toMatchObject({ status: 'stopped', restarts: 2 });
        expect(await output(failing)).toEqual(['run', 'run', 'run']);
        await orThrow(failing.remove());

        const always = await orThrow(
          haco()
            .name('det-again')
            .restart('always', { delay: 10, backoff: 1 })
            .command('/bin/sleep', '0.02')
            .detach({ stateDir }),
        );
        await until(always, ({ restarts }) => restarts >= 3);
        expect((await orThrow(always.stop())).reason).toMatch(/exited|signaled/);
        const { restarts } = await stateOf(always);
        await sleep(100);
        expect(await stateOf(always)).toMatchObject({ status: 'stopped', restarts, stopRequested: true });
        await orThrow(always.remove());
      }),
    60_000,
  );

  test(
    'that was lost is started again by recover(), unless it was stopped by hand',
    () =>
      nothingLeft(async () => {
        const begin = (name: string, policy: 'always' | 'unless-stopped' | 'no') =>
          orThrow(haco().name(name).restart(policy).command('/bin/sleep', '60').detach({ stateDir }));
        const lost = await begin('det-lost', 'unless-stopped');
        const stopped = await begin('det-stopped', 'unless-stopped');
        const plain = await begin('det-plain', 'no');
        await orThrow(stopped.stop({ timeout: 0 }));
        for (const container of [lost, plain]) {
          process.kill((await stateOf(container)).supervisor?.pid ?? 0, 'SIGKILL');
          await until(container, ({ status }) => status === 'stopped');
        }
        const recovered = await orThrow(registry().recover());
        expect(recovered.map(({ name }) => name)).toEqual(['det-lost']);
        expect(await stateOf(lost)).toMatchObject({ status: 'running', outcome: null, stopRequested: false });
        await orThrow(plain.start());
        expect((await stateOf(plain)).status).toBe('running');
        expect((await plain.start())._unsafeUnwrapErr().message).toBe(
          "Can't start the container det-plain again while it is running; stop() it first.",
        );
        for (const container of [lost, stopped, plain]) await orThrow(container.remove({ force: true }));
      }),
    60_000,
  );

  test(
    'is checked from inside, and started again when it isn’t well',
    () =>
      nothingLeft(async () => {
        const flag = join(base, 'well');
        writeFileSync(flag, '');
        const checked = await orThrow(
          haco()
            .name('det-health')
            .health({
              command: ['/bin/sh', '-c', `echo looked; test -e ${flag}`],
              interval: 30,
              retries: 2,
              onUnhealthy: 'restart',
            })
            .command('/bin/sleep', '60')
            .detach({ stateDir }),
        );
        const { health } = await until(checked, (state) => state.health?.status === 'healthy');
        expect(health).toMatchObject({ failures: 0, output: 'looked\n' });
        rmSync(flag);
        await until(checked, ({ restarts }) => restarts === 1);
        writeFileSync(flag, '');
        await until(checked, (state) => state.health?.status === 'healthy' && state.pid !== null);
        await orThrow(checked.remove({ force: true }));
      }),
    60_000,
  );

  test(
    'of a definition is reloaded: what can change at once does, all or nothing, and the rest is named',
    () =>
      nothingLeft(async () => {
        const path = join(base, 'my.haco.ts');
        const define = (verbs: string) =>
          writeFileSync(
            path,
            `import { haco } from '@haco/core';\nexport default haco().name('defined').pids(20)${verbs};\n`,
          );
        define(`.signal(new AbortController().signal).rlimit('nofile', 64).command('/bin/sleep', '60')`);
        const { builder } = await orThrow(loadDefinition(path));
        const web = await orThrow(builder.name('det-reload').detach({ stateDir, definition: path }));
        const before = await stateOf(web);
        const limit = () => readFileSync(join(before.cgroups[0]?.path ?? '', 'pids.max'), 'utf8').trim();
        const nofile = () => /open files\s+(\d+)/.exec(readFileSync(`/proc/${String(before.pid)}/limits`, 'utf8'))?.[1];
        expect([limit(), nofile()]).toEqual(['20', '64']);

        define(`.pids(30).signal(new AbortController().signal).rlimit('nofile', 32).command('/bin/sleep', '61')`);
        expect(await orThrow(web.reload())).toMatchObject({
          applied: ['cgroups.pids', 'rlimits.nofile'],
          needsRestart: ['process.command'],
        });
        expect([limit(), nofile()]).toEqual(['30', '32']);
        expect((await stateOf(web)).spec).toMatchObject({
          identity: { name: 'det-reload' },
          cgroups: { pids: 30 },
          process: { command: { args: ['60'] } },
        });

        writeFileSync(path, 'export default 42;\n');
        expect((await web.reload())._unsafeUnwrapErr().message).toBe(
          `The spec is invalid: ${path}: it default-exports a number; it must be a builder (haco()…), a cluster, or a function that returns one.`,
        );
        define(`.pids(40).cgroup('pids.max', 'nonsense').rlimit('nofile', 16).command('/bin/sleep', '60')`);
        expect((await web.reload()).isErr()).toBe(true);
        expect([limit(), nofile()]).toEqual(['30', '32']);

        const given = await orThrow(web.reload(haco().pids(50).rlimit('nofile', 32).command('/bin/sleep', '61')));
        expect(given.applied).toEqual(['cgroups.pids']);
        expect(given.needsRestart).toEqual(['process.command', 'control.abort']);
        expect(limit()).toBe('50');
        await orThrow(web.remove({ force: true }));
        const plain = await orThrow(
          haco().name('det-reload').command('/bin/sleep', '60').detach({ stateDir, autoRemove: true }),
        );
        expect((await plain.reload())._unsafeUnwrapErr().message).toBe(
          "Can't read its definition again while the container was started without one; say detach({ definition: path }) when it is started, or give a builder to reload().",
        );
        expect((await orThrow(plain.stop({ timeout: 0 }))).signal).toBe('SIGTERM');
        await expect.poll(() => readdirSync(stateDir)).toEqual([]);
      }),
    60_000,
  );

  test(
    'calls the hooks afterReload of the definition that it has read again, in the container that runs',
    () =>
      nothingLeft(async () => {
        const path = join(base, 'hooked.haco.ts');
        const told = join(base, 'told');
        const define = (pids: number, hooks: string) =>
          writeFileSync(
            path,
            `import { writeFileSync } from 'node:fs';
            import { haco } from '@haco/core';
            export default haco().name('det-hooked').unshare('uts').hostname('inside').pids(${String(pids)})
              .hook('setup', ({ shared }) => { shared.set('kept', 'since setup'); })
              .command('/bin/sleep', '60')
              ${hooks};\n`,
          );
        define(20, '');
        const { builder } = await orThrow(loadDefinition(path));
        const hooked = await orThrow(builder.detach({ stateDir, definition: path }));
        define(
          30,
          `.hook('afterReload', async ({ point, pid, spec, shared, run }) => {
            const { stdout } = (await run('hostname'))._unsafeUnwrap();
            writeFileSync(${JSON.stringify(told)}, JSON.stringify([point, pid, spec.cgroups.pids, shared.get('kept'), stdout]));
          })`,
        );
        expect(await orThrow(hooked.reload())).toMatchObject({
          applied: ['cgroups.pids'],
          needsRestart: ['hooks.hooks'],
        });
        const { pid } = await stateOf(hooked);
        expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual(['afterReload', pid, 30, 'since setup', 'inside\n']);

        const fail = `() => { throw new Error('no proxy to tell'); }`;
        define(40, `.hook('afterReload', ${fail})`);
        expect((await orThrow(hooked.reload())).applied).toEqual(['cgroups.pids']);
        define(50, `.hook('afterReload', ${fail}, { fatal: true })`);
        expect((await hooked.reload())._unsafeUnwrapErr().message).toBe(
          'The afterReload hook failed: no proxy to tell; mend the hook or remove it.',
        );
        expect((await stateOf(hooked)).spec).toMatchObject({ cgroups: { pids: 50 } });
        await orThrow(hooked.remove({ force: true }));
      }),
    60_000,
  );

  test(
    'keeps its output in files of its own, and somebody who follows it misses nothing',
    () =>
      nothingLeft(async () => {
        mkdirSync(join(base, 'logs'), { recursive: true });
        const file = join(base, 'logs', 'chatty.log');
        const chatty = await orThrow(
          haco()
            .name('det-chatty')
            .logs({ file, maxSize: '4KiB', files: 50 })
            .sh('i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done')
            .detach({ stateDir }),
        );
        const lines: string[] = [];
        for await (const { text } of await orThrow(chatty.logs({ follow: true }))) lines.push(text);
        expect(lines).toEqual(Array.from({ length: 500 }, (_, i) => `line ${String(i)}`));
        expect(existsSync(`${file}.2`)).toBe(true);
        await orThrow(chatty.remove());
        rmSync(join(base, 'logs'), { recursive: true });
      }),
    60_000,
  );

  test(
    'is stopped when its supervisor is asked to end by a signal',
    () =>
      nothingLeft(async () => {
        const polite = await orThrow(
          haco()
            .name('det-polite')
            .sh('trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done')
            .detach({ stateDir }),
        );
        process.kill((await stateOf(polite)).supervisor?.pid ?? 0, 'SIGTERM');
        expect((await orThrow(polite.wait())).exitCode).toBe(0);
        await orThrow(polite.remove());
      }),
    60_000,
  );
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

const pids = () =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
const commandOf = (pid: number) => textOf(`/proc/${String(pid)}/comm`);
const childrenOf = (parent: number) =>
  pids().filter((pid) => Number(/^PPid:\s*(\d+)/m.exec(textOf(`/proc/${String(pid)}/status`))?.[1]) === parent);

/** The supervisor of a name, as soon as it is there. */
async function supervisorOf(name: string): Promise<number> {
  for (;;) {
    const found = childrenOf(process.pid).find((pid) => textOf(`/proc/${String(pid)}/cmdline`).endsWith(`\0${name}\0`));
    if (found !== undefined) return found;
    await sleep(1);
  }
}
