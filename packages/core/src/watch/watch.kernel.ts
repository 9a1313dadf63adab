/** What happens beside a container that runs: timers, readiness, events, signals; and that it stops with it. */
import { watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, realRuntime, StateError, type LogEntry, type ReadinessCheck } from '../index.js';

let rootfs: TestRootfs;
const logged: LogEntry[] = [];
const quiet = { ...realRuntime, log: (entry: LogEntry) => void logged.push(entry) };

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  // Node opens one descriptor for all that it watches in file systems, and keeps it.
  watch(rootfs.path).close();
});
afterAll(() => rootfs.remove());

const base = () => haco({ runtime: quiet }).unshare('mount', 'pid').chroot(rootfs.path).tmpfs('/tmp');
/** A server of Node, seen from the host's files, in a network of its own. */
const server = (port: number, status = 200) =>
  haco({ runtime: quiet })
    .unshare('net', 'pid')
    .command(
      process.execPath,
      '-e',
      `require('http').createServer((q, r) => r.writeHead(${String(status)}).end()).listen(${String(port)}, '0.0.0.0')`,
    );

describeWith(['root', 'busybox', 'probe'], 'timers', () => {
  it('call while the container runs, with what it is, and stop with it', async () => {
    const counts: number[] = [];
    const builder = base()
      .timer({ after: 5, every: '20ms' }, ({ count, pid, name }) => {
        if (pid > 0 && name !== '') counts.push(count);
      })
      .timer({ after: '10s' }, () => void counts.push(-1));
    await expectNothingLeft(() => orThrow(builder.sh('sleep 0.3').run()));
    const seen = counts.length;
    expect(seen).toBeGreaterThan(2);
    expect(counts).toEqual(counts.map((_, index) => index + 1));
    await sleep(100);
    expect(counts).toHaveLength(seen);
  });

  it('run commands inside, change limits, and end the container', async () => {
    const told: unknown[] = [];
    const builder = base()
      .memory('64MiB')
      .timer({ after: 50 }, async ({ run, update, stats, fail }) => {
        told.push((await orThrow(run('/bin/echo', 'inside'))).stdout);
        told.push((await update({ memory: '128MiB' })).isOk(), stats().isOk());
        fail(new StateError({ what: 'go on', state: 'idle', remedy: 'ask again' }));
      });
    const error = (await expectNothingLeft(() => builder.sh('sleep 60').run()))._unsafeUnwrapErr();
    expect(told).toEqual(['inside\n', true, true]);
    expect(error.message).toBe("Can't go on while idle; ask again.");
  });

  it('that fail are warnings, and go on', async () => {
    logged.length = 0;
    const builder = base()
      .name('failing')
      .timer({ every: '20ms', times: 2 }, () => {
        throw new Error('no');
      });
    await expectNothingLeft(() => orThrow(builder.sh('sleep 0.3').run()));
    const message = 'The timer hook failed: no; mend the hook or remove it.';
    expect(logged).toEqual([1, 2].map(() => ({ container: 'failing', level: 'warning', message })));
  });
});

describeWith(['root', 'busybox', 'probe'], 'readiness', () => {
  test.each<[string, ReadinessCheck]>([
    ['a file, which may be behind a link of the container', { file: '/tmp/link/ready' }],
    ['a command', { command: ['/bin/sh', '-c', 'test -e /tmp/ready'], interval: '20ms' }],
  ])('is seen by %s', async (_, check) => {
    await expectNothingLeft(async () => {
      const script = 'sleep 0.2; ln -s /tmp /tmp/link; : > /tmp/ready; sleep 60';
      await using container = await orThrow(base().readiness(check).sh(script).start());
      const began = performance.now();
      await orThrow(container.ready());
      expect(performance.now() - began).toBeGreaterThan(50);
      expect((await orThrow(container.exec('ls', '/tmp'))).stdout).toContain('ready');
    });
  });

  it("is seen by a port in the container's network, not in the host's", async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(server(8080).readiness({ port: 8080 }).start({ ready: true }));
      const tables = await orThrow(container.exec('cat', '/proc/net/tcp'));
      expect(tables.stdout).toContain(':1F90');
    });
  });

  it("is seen by an answer in the container's network", async () => {
    await expectNothingLeft(async () => {
      const check = { http: 'http://127.0.0.1:8081/health' };
      await using container = await orThrow(
        server(8081)
          .unshare('net')
          .readiness({ ...check, timeout: '25s' })
          .start(),
      );
      // lo of a new network is down: an answer needs it.
      await orThrow(container.exec({ command: ['busybox', 'ip', 'link', 'set', 'lo', 'up'] }));
      await orThrow(container.ready());
      await using refusing = await orThrow(
        server(8082, 500).readiness({ http: 'http://127.0.0.1:8082', timeout: '1s' }).start(),
      );
      await orThrow(refusing.exec({ command: ['busybox', 'ip', 'link', 'set', 'lo', 'up'] }));
      expect((await refusing.ready())._unsafeUnwrapErr().kind).toBe('timeout');
    });
  });

  it('that never comes ends what waits for it: start() leaves nothing, the container of a handle goes on', async () => {
    const builder = base().readiness({ port: 81, timeout: '100ms' }).sh('sleep 60');
    const text =
      'Waited 100 ms for something that listens on port 81 of the container and gave up; allow more time or look why it hangs.';
    const failed = await expectNothingLeft(() => builder.start({ ready: true }));
    expect(failed._unsafeUnwrapErr().message).toBe(text);
    await expectNothingLeft(async () => {
      await using container = await orThrow(builder.start());
      expect((await container.ready())._unsafeUnwrapErr().message).toBe(text);
      expect(container.kill('SIGCONT').isOk()).toBe(true);
    });
  });

  it('of a container that ends before is an error; without a word about it, it is there at once', async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(base().readiness({ port: 81 }).sh('sleep 0.1').start());
      expect((await container.ready())._unsafeUnwrapErr().message).toBe(
        "Can't wait until the container is ready while the container is stopped; start it again first.",
      );
      await using silent = await orThrow(base().sh('sleep 60').start());
      expect((await silent.ready()).isOk()).toBe(true);
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'events and signals', () => {
  it('an event of the cgroup calls its function', async () => {
    const events: string[] = [];
    const builder = base()
      .pids(4)
      .onEvent('pids-limit', ({ type }, { name }) => void events.push(`${name} ${type}`))
      .name('crowded')
      // Changes are told since Node began to look. The inner shell ends when its fork is refused; the outer one needs no further process.
      .sh('sleep 0.5; (for i in 1 2 3 4 5 6 7 8; do sleep 1 & done); read line');
    await expectNothingLeft(async () => {
      await using container = await orThrow(builder.start());
      for (let i = 0; i < 200 && events.length === 0; i++) await sleep(25);
      container.stdin?.end();
    });
    expect(events[0]).toBe('crowded pids-limit');
  });

  it('without a cgroup there are no events: the start says so', async () => {
    const builder = base()
      .onEvent('oom', () => undefined)
      .sh('true');
    const error = (await expectNothingLeft(() => builder.run()))._unsafeUnwrapErr();
    expect(error.message).toBe(
      "Can't watch its events while the container has no cgroup; ask for a limit when it is started, e.g. pids(4096).",
    );
  });

  it('a signal to this process calls its function while the container runs', async () => {
    let calls = 0;
    const before = process.listenerCount('SIGUSR2');
    await expectNothingLeft(async () => {
      await using container = await orThrow(
        base()
          .onSignal('SIGUSR2', ({ kill }) => {
            calls += 1;
            kill('SIGKILL');
          })
          .sh('sleep 60')
          .start(),
      );
      process.kill(process.pid, 'SIGUSR2');
      expect((await orThrow(container.wait())).reason).toBe('signaled');
    });
    expect([calls, process.listenerCount('SIGUSR2')]).toEqual([1, before]);
  });
});
