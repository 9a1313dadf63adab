/** From start to end: outcomes, signals, time, cancelling, handles, many at once, names that are taken, and Node's own death. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { killAtAnyMoment, killWithUnboundContainers, markedSleep, warmUp } from './fixture.js';
import { haco, orThrow, type Builder } from './index.js';

let rootfs: TestRootfs;

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

const shell = (script: string) => haco().unshare('pid').chroot(rootfs.path).sh(script);
const ended = (builder: { readonly run: Builder['run'] }) => expectNothingLeft(() => orThrow(builder.run()));

describeWith(['root', 'busybox', 'probe'], "the card's line", () => {
  test('exactly as it is written', async () => {
    const root = rootfs.path;
    const outcome = await ended(haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50));
    expect(outcome).toMatchObject({
      reason: 'exited',
      exitCode: 0,
      stdout: '',
      stderr: '',
      enforced: { cpu: 'enforced' },
    });
  });

  test("runs the root's shell as pid 1, under the container's name, limited", async () => {
    const script = 'hostname; echo $$; cat /proc/self/cgroup; pwd; ls /\n';
    const builder = haco().name('card').unshare('pid', 'uts').chroot(rootfs.path).cpu(50).stdin({ text: script });
    const { stdout, steps, usage, durationMs } = await ended(builder);
    expect(stdout.split('\n').slice(0, 2)).toEqual(['card', '1']);
    expect(stdout).toContain('\n/\n');
    expect(stdout).toContain('bin\n');
    expect(steps.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['namespaces.clone', 'mounts.enter', 'namespaces.hostname']),
    );
    expect(steps.every(({ ms }) => ms >= 0)).toBe(true);
    expect(usage.memoryPeakBytes).toBeGreaterThan(0);
    expect(durationMs).toBeGreaterThan(0);
  });

  test("runs the root's bash where there is one", async () => {
    const bash = rootfs.inside('/bin/bash');
    writeFileSync(bash, '#!/bin/sh\necho bash\n', { mode: 0o755 });
    const { stdout } = await ended(haco().unshare('pid').chroot(rootfs.path));
    rmSync(bash);
    expect(stdout).toBe('bash\n');
  });

  test('leaves the host name of the host', async () => {
    const before = execFileSync('hostname', { encoding: 'utf8' });
    await ended(haco().name('other').unshare('uts').command('/bin/true'));
    expect(execFileSync('hostname', { encoding: 'utf8' })).toBe(before);
  });
});

describeWith(['root', 'busybox', 'probe'], 'the outcome', () => {
  test('of a command that ends by itself', async () => {
    for (const code of [0, 1, 127, 255]) {
      expect(await ended(shell(`exit ${String(code)}`))).toMatchObject({
        reason: 'exited',
        exitCode: code,
        signal: null,
      });
    }
  });

  test('of a command that a signal ends, by name', async () => {
    for (const signal of ['TERM', 'KILL', 'ABRT', 'SEGV', 'USR1']) {
      const outcome = await ended(haco().command('/bin/sh', '-c', `kill -${signal} $$`));
      expect(outcome).toMatchObject({ reason: 'signaled', exitCode: null, signal: `SIG${signal}` });
    }
    const outcome = await ended(haco().command('/bin/sh', '-c', 'kill -37 $$'));
    expect(outcome.signal).toBe('SIGRTMIN+3');
  });

  test('of a command behind an init is its own, also when a signal ends it', async () => {
    expect(await ended(shell('exit 7').init())).toMatchObject({ reason: 'exited', exitCode: 7 });
    const inner = haco().unshare('pid').chroot(rootfs.path).init().sh('echo $$; kill -TERM $$; sleep 9');
    expect(await ended(inner)).toMatchObject({ reason: 'signaled', signal: 'SIGTERM', stdout: '2\n' });
  });

  test('an init reaps what was orphaned', async () => {
    // Reaped at once, or a moment later; a zombie that nobody reaps is there for ever.
    const look = 'i=0; while ps | grep -qE "[[]sleep[]]|0 +sleep 0" && [ $i -lt 100 ]; do i=$((i+1)); sleep 0.1; done';
    const script = `(sh -c "sleep 0.05 &" &); ${look}; ps`;
    const outcome = await ended(shell(script).unshare('mount').independent('procfs').init());
    expect(outcome.stdout).toContain('haco-init');
    expect(outcome.stdout).not.toMatch(/\[sleep\]/);
  });

  test('when time is up', async () => {
    const outcome = await ended(shell('trap "" TERM; while :; do sleep 1; done').timeout(300));
    expect(outcome).toMatchObject({ reason: 'timeout', exitCode: null, signal: 'SIGKILL' });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(295);
    expect(outcome.durationMs).toBeLessThan(10_000);
  });

  test('a command that is done before its time is up', async () => {
    expect(await ended(shell('exit 3').timeout('20s'))).toMatchObject({ reason: 'exited', exitCode: 3 });
  });
});

describeWith(['root', 'busybox', 'probe'], 'an AbortSignal', () => {
  test('ends a container that runs', async () => {
    const controller = new AbortController();
    // As soon as it says that it runs.
    const says = new Writable({
      write: (_chunk, _encoding, done) => {
        controller.abort();
        done();
      },
    });
    const running = shell('echo runs; sleep 60').stdout(says).signal(controller.signal);
    expect(await ended(running)).toMatchObject({
      reason: 'aborted',
      signal: 'SIGKILL',
    });
  });

  test('that is aborted right after the call, before the start has begun, ends it', async () => {
    const controller = new AbortController();
    const result = await expectNothingLeft(() => {
      const running = shell('sleep 30').signal(controller.signal).run();
      controller.abort();
      return running;
    });
    expect(result._unsafeUnwrap().reason).toBe('aborted');
  });

  test('that is aborted already refuses the start', async () => {
    const result = await expectNothingLeft(() => shell('true').signal(AbortSignal.abort()).run());
    expect(result._unsafeUnwrapErr().message).toBe(
      "Can't start the container while its AbortSignal is aborted; use a fresh signal.",
    );
  });

  test('in the middle of a start ends it one way or the other, and leaves nothing', async () => {
    const builder = haco()
      .name('abort')
      .unshare('mount', 'pid', 'uts')
      .chroot(rootfs.path)
      .independent('procfs', 'dev')
      .pids(20)
      .sh('sleep 60');
    await expectNothingLeft(async () => {
      for (let round = 0; round < 20; round++) {
        const controller = new AbortController();
        const running = builder.signal(controller.signal).run();
        if (round % 4 === 0) setImmediate(() => controller.abort());
        else setTimeout(() => controller.abort(), round % 4);
        const end = (await running).match(
          ({ reason }) => reason,
          // What must not be tells itself.
          ({ kind, message }) => (kind === 'state' ? kind : message),
        );
        expect(['aborted', 'state']).toContain(end);
      }
    });
  });

  test('has no listener left afterwards', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    await orThrow(shell('true').signal(signal).run());
    void (await haco().signal(signal).command('/nope').run());
    void (await haco().signal(signal).chroot('/nope').start());
    expect(listeners).toBe(0);
  });
});

describeWith(['root', 'busybox', 'probe'], 'a handle', () => {
  test('sends signals while it runs, and says so afterwards', async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(
        shell('trap "echo got; exit 5" USR1; echo ready; while :; do sleep 0.05; done').start(),
      );
      await new Promise((resolve) => container.stdout?.once('data', resolve));
      expect(container.kill('SIGNOPE' as NodeJS.Signals)._unsafeUnwrapErr().message).toBe(
        "Can't send SIGNOPE to the container while there is no such signal; use a name of signal(7).",
      );
      for (const wrong of [-1, 65, 1.5, Number.NaN]) expect(container.kill(wrong).isErr()).toBe(true);
      expect(container.kill(0).isOk()).toBe(true);
      expect(container.kill('SIGUSR1').isOk()).toBe(true);
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 5 });
      expect(container.kill()._unsafeUnwrapErr().message).toBe(
        "Can't send SIGTERM to the container while the container is stopped; start it again first.",
      );
      expect(container.resize(1, 1)._unsafeUnwrapErr().message).toBe(
        "Can't change the window size while the container has no terminal; start it with tty().",
      );
    });
  });

  test('knows the pid outside, and a name that is new for each start', async () => {
    const builder = shell('sleep 60');
    await expectNothingLeft(async () => {
      await using one = await orThrow(builder.start());
      await using two = await orThrow(builder.start());
      expect(readFileSync(`/proc/${String(one.pid)}/status`, 'utf8')).toMatch(/^NSpid:\t\d+\t1$/m);
      expect(one.name).not.toBe(two.name);
    });
  });

  test('that is disposed of ends its container', async () => {
    let pid = 0;
    await expectNothingLeft(async () => {
      await using container = await orThrow(shell('sleep 60').pids(10).start());
      ({ pid } = container);
      expect(existsSync(`/proc/${String(pid)}`)).toBe(true);
    });
    expect(existsSync(`/proc/${String(pid)}`)).toBe(false);
  });

  test('gives the same end to everyone who waits', async () => {
    const container = await orThrow(shell('exit 4').start());
    const [a, b] = await Promise.all([orThrow(container.wait()), orThrow(container.wait())]);
    expect(a).toBe(b);
    await container[Symbol.asyncDispose]();
    await container[Symbol.asyncDispose]();
  });

  test('has the reason when time is up', async () => {
    await using container = await orThrow(shell('sleep 60').timeout(100).start());
    expect(await orThrow(container.wait())).toMatchObject({ reason: 'timeout' });
  });
});

describeWith(['root', 'busybox', 'probe'], 'created, then started', () => {
  const directories: string[] = [];
  afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));
  const makeFifo = async (): Promise<string> => {
    const directory = await makeTemporaryDirectory('fifo');
    directories.push(directory);
    const fifo = join(directory, 'start');
    execFileSync('mkfifo', [fifo]);
    return fifo;
  };

  test('the command waits until a shell writes to the fifo', async () => {
    const fifo = await makeFifo();
    await expectNothingLeft(async () => {
      await using container = await orThrow(shell('echo started').pids(10).startFifo(fifo).start());
      let output = '';
      container.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await sleep(150);
      expect(output).toBe('');
      expect(readFileSync(`/proc/${String(container.pid)}/comm`, 'utf8')).toBe('haco-init\n');
      execFileSync('/bin/sh', ['-c', `echo > ${fifo}`]);
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 0 });
      // The end of a container and the last of its output come by different ways.
      await expect.poll(() => output).toBe('started\n');
    });
  });

  test('one that is disposed of while it waits leaves nothing', async () => {
    const fifo = await makeFifo();
    await expectNothingLeft(async () => {
      await using container = await orThrow(shell('true').unshare('mount', 'uts').pids(10).startFifo(fifo).start());
      expect(container.pid).toBeGreaterThan(0);
    });
  });

  test('a command that is missing is told by wait()', async () => {
    const fifo = await makeFifo();
    await expectNothingLeft(async () => {
      await using container = await orThrow(
        haco().unshare('pid').chroot(rootfs.path).command('/bin/nope').timeout(500).startFifo(fifo).start(),
      );
      writeFileSync(fifo, 'x');
      expect((await container.wait())._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', subject: '/bin/nope' });
    });
  });

  test('the time of timeout() begins with the command', async () => {
    const fifo = await makeFifo();
    await using container = await orThrow(shell('exit 0').timeout(1500).startFifo(fifo).start());
    await sleep(1800);
    writeFileSync(fifo, 'x');
    expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 0 });
  });
});

describeWith(['root', 'busybox', 'probe'], 'many', () => {
  test('fifty at once, all isolated and limited, each with its own end', async () => {
    const base = haco()
      .unshare('mount', 'pid', 'uts', 'ipc')
      .chroot(rootfs.path)
      .independent('procfs')
      .pids(10)
      .memory('64MiB');
    const outcomes = await expectNothingLeft(() =>
      Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          orThrow(
            base
              .name(`many-${String(index)}`)
              .sh(`hostname; exit ${String(index)}`)
              .run(),
          ),
        ),
      ),
    );
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 50 }, (_, index) => `many-${String(index)}\n`),
    );
  });

  test('of one builder without a name have groups of their own', async () => {
    const builder = shell('cat /proc/self/cgroup').unshare('mount').independent('procfs').pids(10);
    const outcomes = await expectNothingLeft(() => Promise.all([1, 2, 3].map(() => orThrow(builder.run()))));
    expect(new Set(outcomes.map(({ stdout }) => stdout)).size).toBe(3);
  });

  test('two of one name with limits are a conflict, and the first one is left alone', async () => {
    await expectNothingLeft(async () => {
      await using first = await orThrow(shell('sleep 60').name('twin').pids(5).start());
      const error = (await shell('true').name('twin').pids(5).run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ kind: 'conflict', what: 'name', subject: 'twin' });
      expect(error.message).toBe(
        'The name "twin" is already in use; a container of this name has a cgroup here already; end that one or choose another name.',
      );
      expect(first.kill(0).isOk()).toBe(true);
      expect(await orThrow(shell('exit 0').name('twin').run())).toMatchObject({ exitCode: 0 });
    });
  });

  test('starts that fail at every step leave nothing', async () => {
    const base = haco().unshare('mount', 'pid', 'uts').chroot(rootfs.path).pids(10);
    await expectNothingLeft(async () => {
      for (let round = 0; round < 5; round++) {
        const results = await Promise.all([
          base.command('/nope').run(),
          base.workdir('/nope').command('true').run(),
          base.tmpfs('/nope').command('true').start(),
          base.command('/nope').tty().start(),
          base.chroot('/nowhere').command('true').run(),
          base.stdout({ file: '/nope/out' }).command('true').run(),
        ]);
        expect(results.every((result) => result.isErr())).toBe(true);
      }
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'when Node is killed', () => {
  const index = fileURLToPath(new URL('index.ts', import.meta.url));
  const program = (root: string): string => `
    import { haco } from ${JSON.stringify(index)};
    const base = haco().unshare('mount', 'pid', 'uts', 'ipc').chroot(${JSON.stringify(root)}).independent('procfs', 'dev').tmpfs('/tmp').pids(20).memory('64MiB');
    console.log('ready');
    const loop = async (builder) => { for (;;) await builder.run(); };
    void loop(base.command('true'));
    void loop(base.sh('sleep 0.01'));
    void loop(base.tty().command('true'));
    void loop(base.init().sh('sleep 0.01'));
    void loop(base.unshare('user').command('true'));
    void loop(haco().unshare('mount').chroot(${JSON.stringify(root)}, { overlay: true }).command('true'));
    void loop(haco().pids(10).sh('sleep ${markedSleep} & (sleep ${markedSleep} &); sleep ${markedSleep}').timeout(20));
    await base.sh('sleep ${markedSleep}').run();`;
  test('at any moment of a start, its containers end, and nothing is left', { timeout: 120_000 }, async () => {
    await killAtAnyMoment(program(rootfs.path), process.env['VM_RUN'] === '1' ? 4 : 12);
  });

  test(
    'containers end that have given up their bond to it, whatever they were made of',
    { timeout: 60_000 },
    async () => {
      const plain = ['haco()', "haco().unshare('pid')", "haco().unshare('user', 'pid')"];
      await killWithUnboundContainers([...plain, "haco().unshare('pid').init()", "haco().unshare('pid').pids(9)"]);
    },
  );

  test('sandboxes that have given up their bond to it end, too', { timeout: 60_000 }, async () => {
    await killWithUnboundContainers(['sandbox()']);
  });
});
