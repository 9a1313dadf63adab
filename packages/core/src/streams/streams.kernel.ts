/** Standard streams of real containers: text, floods, bytes, slow readers, files and orphans. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Builder } from '../index.js';

let rootfs: TestRootfs;
let directory = '';

beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
  directory = await makeTemporaryDirectory('streams');
});
afterAll(async () => {
  await rootfs.remove();
  rmSync(directory, { recursive: true });
});

const shell = (script: string) => haco().unshare('pid').chroot(rootfs.path).sh(script);
const count = (stream: Readable): Promise<number> =>
  new Promise((resolve, reject) => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    stream.on('end', () => resolve(bytes));
    stream.on('error', reject);
  });

describeWith(['root', 'busybox', 'probe'], 'captured output', () => {
  test('both streams, as text', async () => {
    const outcome = await expectNothingLeft(() => orThrow(shell('echo out; echo err >&2; printf ü').run()));
    expect(outcome).toMatchObject({ stdout: 'out\nü', stderr: 'err\n', exitCode: 0 });
  });

  test('ten megabytes on both at the same time arrive whole', async () => {
    const flood = shell('head -c 10485760 /dev/zero & head -c 10485760 /dev/zero >&2; wait')
      .unshare('mount')
      .independent('dev');
    const { stdout, stderr, reason } = await expectNothingLeft(() => orThrow(flood.run()));
    expect([reason, stdout.length, stderr.length]).toEqual(['exited', 10_485_760, 10_485_760]);
  });

  test('a multi-byte character on the border of two reads stays whole', async () => {
    const { stdout } = await orThrow(
      shell('printf a; i=0; while [ $i -lt 20000 ]; do printf äöüß€; i=$((i+1)); done').run(),
    );
    expect(stdout).toBe(`a${'äöüß€'.repeat(20_000)}`);
  });

  test('beyond the limit the container is killed, and what came before is kept', async () => {
    const yes = shell('while :; do echo yes; done').outputLimit('100KiB');
    const outcome = await expectNothingLeft(() => orThrow(yes.run()));
    expect(outcome).toMatchObject({ reason: 'output-limit', exitCode: null, signal: 'SIGKILL' });
    expect(outcome.stdout.length).toBe(102_400);
    expect(outcome.stdout.startsWith('yes\nyes\n')).toBe(true);
  });

  test('the limit counts both streams together, also when the command has ended before it is noticed', async () => {
    const outcome = await orThrow(shell('printf aaaaa; printf bbbbb >&2').outputLimit(7).run());
    expect(outcome.reason).toBe('output-limit');
    // On a slow machine the kill comes before the end.
    expect([0, null]).toContain(outcome.exitCode);
    expect(outcome.stdout.length + outcome.stderr.length).toBe(7);
  });

  test('an orphan that holds stdout does not hold up the end, and what was written is there', async () => {
    const outcome = await expectNothingLeft(async () => {
      const ended = await orThrow(haco().command('/bin/sh', '-c', 'echo before; sleep 600 & echo $!').run());
      // It is still there, and holds the pipe.
      expect(process.kill(Number(ended.stdout.split('\n')[1]), 'SIGKILL')).toBe(true);
      return ended;
    });
    expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(outcome.stdout).toMatch(/^before\n\d+\n$/);
  });

  test('a busy event loop loses nothing', async () => {
    const running = orThrow(
      shell('head -c 60000 /dev/zero; sleep 0.05; head -c 60000 /dev/zero').unshare('mount').independent('dev').run(),
    );
    await sleep(20);
    for (const until = performance.now() + 700; performance.now() < until;) Math.sqrt(2);
    expect((await running).stdout.length).toBe(120_000);
  });
});

describeWith(['root', 'busybox', 'probe'], 'streams of start()', () => {
  test('bytes go through unchanged, both ways', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const back = await expectNothingLeft(async () => {
      await using container = await orThrow(shell('cat').start());
      container.stdin?.end(bytes);
      const got = await buffer(container.stdout ?? Readable.from([]));
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 0, stdout: '' });
      return got;
    });
    expect(back.equals(bytes)).toBe(true);
  });

  test('both outputs, each by itself, while the command runs', async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(shell('echo out; echo err >&2; read line; echo "$line" >&2').start());
      const [first] = (await once(container.stderr ?? new PassThrough(), 'data')) as [Buffer];
      expect(String(first)).toBe('err\n');
      container.stdin?.end('more\n');
      const [stdout, stderr] = await Promise.all(
        [container.stdout, container.stderr].map((one) => text(one ?? Readable.from([]))),
      );
      expect([stdout, stderr]).toEqual(['out\n', 'more\n']);
      expect(await orThrow(container.wait())).toMatchObject({ reason: 'exited', exitCode: 0 });
    });
  });

  test('a reader that is slow stops the writer, and Node does not grow', async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(
        shell('while :; do echo 0123456789012345678901234567890123456789; done').start(),
      );
      const { stdout } = container;
      stdout?.once('readable', () => undefined);
      await sleep(300);
      const before = process.memoryUsage().rss;
      await sleep(500);
      expect(stdout?.readableLength).toBeLessThan(300_000);
      expect(process.memoryUsage().rss - before).toBeLessThan(30 * 1024 ** 2);
    });
  });

  test('a writer that does not wait is told to', async () => {
    await using container = await orThrow(shell('sleep 30').start());
    const accepted = [1, 2, 3].map(() => container.stdin?.write(Buffer.alloc(100_000)));
    expect(accepted.at(-1)).toBe(false);
  });

  test('output that was not read yet is there after the end', async () => {
    await using container = await orThrow(shell('echo late').start());
    await orThrow(container.wait());
    expect(String(await buffer(container.stdout ?? Readable.from([])))).toBe('late\n');
  });

  test('output that nobody reads leaves no descriptor after the handle was disposed of', async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(shell('echo a; echo b >&2').start());
      await orThrow(container.wait());
    });
  });
});

describeWith(['root', 'busybox', 'probe'], 'stdin', () => {
  test('nothing, unless asked for', async () => {
    expect((await orThrow(shell('cat; echo end').run())).stdout).toBe('end\n');
    expect((await orThrow(shell('cat; echo end').stdin('pipe').run())).stdout).toBe('end\n');
  });

  test('text and bytes, small and larger than a pipe', async () => {
    const large = 'x'.repeat(3_000_000);
    const wc = (source: Parameters<ReturnType<typeof haco>['stdin']>[0]) =>
      expectNothingLeft(async () => Number((await orThrow(shell('wc -c').stdin(source).run())).stdout));
    expect(await wc({ text: 'grüße' })).toBe(7);
    expect(await wc({ text: '' })).toBe(0);
    expect(await wc({ text: large })).toBe(3_000_000);
    expect(await wc(Buffer.from([0, 255, 10, 0]))).toBe(4);
    expect(await wc(new Uint8Array(100_000))).toBe(100_000);
  });

  test('a file of the host, and a descriptor that stays the caller’s', async () => {
    const file = join(directory, 'input');
    writeFileSync(file, 'from a file\n');
    expect((await orThrow(shell('cat').stdin({ file }).run())).stdout).toBe('from a file\n');
    const fd = openSync(file, 'r');
    expect((await orThrow(shell('cat').stdin({ fd }).run())).stdout).toBe('from a file\n');
    closeSync(fd);
  });

  test('a large Readable', async () => {
    const chunks = Array.from({ length: 200 }, () => Buffer.alloc(50_000, 'a'));
    const outcome = await expectNothingLeft(() => orThrow(shell('wc -c').stdin(Readable.from(chunks)).run()));
    expect(Number(outcome.stdout)).toBe(10_000_000);
  });

  test('a command that reads nothing ends in its own way, and the source is let go', async () => {
    const source = new PassThrough();
    const outcome = await expectNothingLeft(() => orThrow(shell('exit 3').stdin(source).run()));
    expect(outcome).toMatchObject({ reason: 'exited', exitCode: 3 });
    expect(source.listenerCount('data') + source.listenerCount('error')).toBe(0);
    const flooded = await orThrow(
      shell('exit 4')
        .stdin({ text: 'x'.repeat(3_000_000) })
        .run(),
    );
    expect(flooded.exitCode).toBe(4);
  });

  test('a Readable that fails ends the container, with an error that tells so', async () => {
    const source = new Readable({
      read() {
        this.push('half');
        this.destroy(new Error('the cable was cut'));
      },
    });
    const error = (await expectNothingLeft(() => shell('cat; sleep 60').stdin(source).run()))._unsafeUnwrapErr();
    expect(error.message).toBe(
      'Could not read the input from "stdin"; the stream that was given says: the cable was cut.',
    );
  });
});

describeWith(['root', 'busybox', 'probe'], 'stdout and stderr', () => {
  test('to a file of the host: replaced or appended to', async () => {
    const file = join(directory, 'out');
    writeFileSync(file, 'a long first text\n');
    const outcome = await expectNothingLeft(() => orThrow(shell('echo one').stdout({ file }).run()));
    expect([outcome.stdout, readFileSync(file, 'utf8')]).toEqual(['', 'one\n']);
    await orThrow(
      shell('echo two; echo three >&2').stdout({ file, append: true }).stderr({ file, append: true }).run(),
    );
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  describe('a start that fails leaves a file of the host as it was', () => {
    const plain = haco().command('/bin/true');
    const failing: Readonly<Record<string, readonly [kind: string, fails: (file: string) => Builder]>> = {
      'no such root': ['not-found', (file) => plain.chroot('/nowhere').stdout({ file })],
      'no such root, for stderr': ['not-found', (file) => plain.chroot('/nowhere').stderr({ file })],
      'no such root, appended to': ['not-found', (file) => plain.chroot('/nowhere').stdout({ file, append: true })],
      'no such directory': ['syscall', (file) => haco().workdir('/nowhere').command('true').stdout({ file })],
      'no such command': ['not-found', (file) => haco().command('/nope').stdout({ file }).stderr({ file })],
      'no such command in PATH': ['not-found', (file) => shell('').command('nope').stdout({ file })],
      'another stream that cannot be opened': [
        'io',
        (file) => plain.stdout({ file }).stderr({ file: join(directory, 'none/err') }),
      ],
      'aborted before': ['state', (file) => plain.stdout({ file }).signal(AbortSignal.abort())],
    };
    const precious = 'precious\n';

    test.each(Object.entries(failing))('%s', async (_, [kind, fails]) => {
      const [kept, fresh] = [join(directory, 'kept'), join(directory, 'fresh')];
      for (const end of [(one: Builder) => one.run(), (one: Builder) => one.start()]) {
        writeFileSync(kept, precious);
        const errors = [await end(fails(kept)), await end(fails(fresh))].map((result) => result._unsafeUnwrapErr());
        expect(errors.map((error) => error.kind)).toEqual([kind, kind]);
        expect([readFileSync(kept, 'utf8'), existsSync(fresh)]).toEqual([precious, false]);
      }
    });

    test('also one that a link leads to', async () => {
      const [link, target] = [join(directory, 'link'), join(directory, 'led-to')];
      symlinkSync('led-to', link);
      void (await plain.chroot('/nowhere').stdout({ file: link }).run())._unsafeUnwrapErr();
      expect([existsSync(target), readlinkSync(link)]).toEqual([false, 'led-to']);
      await orThrow(shell('echo one').stdout({ file: link }).run());
      expect([readFileSync(target, 'utf8'), readlinkSync(link)]).toEqual(['one\n', 'led-to']);
    });

    test('a pool', async () => {
      const [kept, fresh] = [join(directory, 'kept'), join(directory, 'fresh')];
      const pool = await orThrow(shell('').pool({ size: 1 }));
      for (const file of [kept, fresh]) {
        writeFileSync(kept, precious);
        const error = (await pool.run({ command: ['nope'], stdout: { file } }))._unsafeUnwrapErr();
        expect([error.kind, readFileSync(kept, 'utf8'), existsSync(fresh)]).toEqual(['not-found', precious, false]);
      }
      await orThrow(pool.run({ command: ['echo', 'one'], stdout: { file: kept } }));
      await pool.close();
      expect(readFileSync(kept, 'utf8')).toBe('one\n');
    });
  });

  test('to a file of the host by a command of PATH, and by one in a container', async () => {
    const file = join(directory, 'found');
    const long = 'a long first text\n';
    writeFileSync(file, long);
    await orThrow(shell('').command('echo', 'one').stdout({ file }).run());
    expect(readFileSync(file, 'utf8')).toBe('one\n');
    writeFileSync(file, long);
    const container = await orThrow(shell('sleep 100').start());
    await orThrow(container.exec({ command: ['echo', 'two'], stdout: { file } }));
    await container[Symbol.asyncDispose]();
    expect(readFileSync(file, 'utf8')).toBe('two\n');
  });

  test('to a device or a fifo, which nobody can empty', async () => {
    expect((await orThrow(shell('echo one').stdout({ file: '/dev/null' }).run())).exitCode).toBe(0);
  });

  test('the same plan is not taken for a start that replaces a file, and for one that appends', async () => {
    const file = join(directory, 'twice');
    for (const append of [false, true, false]) await orThrow(shell('echo one').stdout({ file, append }).run());
    expect(readFileSync(file, 'utf8')).toBe('one\n');
  });

  test('to a descriptor, also the same for both', async () => {
    const file = join(directory, 'fd');
    const fd = openSync(file, 'w');
    await orThrow(shell('echo one; echo two >&2').stdout({ fd }).stderr({ fd }).run());
    closeSync(fd);
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
  });

  test('to low descriptors in any order', async () => {
    const outcome = await orThrow(
      haco().command('/bin/sh', '-c', 'echo to stdout of Node >&2').stderr({ fd: 2 }).run(),
    );
    expect(outcome.exitCode).toBe(0);
  });

  test('to a Writable, all of it, however slow that is', async () => {
    let bytes = 0;
    const slow = new Writable({
      highWaterMark: 1000,
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        setTimeout(done, 15);
      },
    });
    const flood = shell('head -c 1000000 /dev/zero').unshare('mount').independent('dev').stdout(slow);
    const outcome = await expectNothingLeft(() => orThrow(flood.run()));
    expect([outcome.exitCode, bytes, slow.writableEnded]).toEqual([0, 1_000_000, false]);
  });

  test("to a Writable for each, of which none gets what is the other one's", async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const texts = [stdout, stderr].map((one) => text(one));
    const builder = shell('echo out; echo err >&2').stdout(stdout).stderr(stderr);
    await expectNothingLeft(() => orThrow(builder.run()));
    stdout.end();
    stderr.end();
    expect(await Promise.all(texts)).toEqual(['out\n', 'err\n']);
  });

  test('to a Writable of start(), complete when wait() returns', async () => {
    const target = new PassThrough();
    const counted = count(target);
    await expectNothingLeft(async () => {
      await using container = await orThrow(shell('echo one; echo two').stdout(target).start());
      expect(container.stdout).toBeNull();
      await orThrow(container.wait());
    });
    target.end();
    expect(await counted).toBe(8);
  });

  test('a Writable that fails ends the container, with an error that tells so', async () => {
    const target = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the disk is full')) });
    const result = await expectNothingLeft(() => shell('while :; do echo x; done').stdout(target).run());
    expect(result._unsafeUnwrapErr().message).toBe(
      'Could not write the output to "stdout or stderr"; the stream that was given says: the disk is full.',
    );
  });

  test('nowhere', async () => {
    const outcome = await orThrow(shell('echo a; echo b >&2').stdout('null').stderr('null').run());
    expect(outcome).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
  });
});

describeWith(['root'], 'inherited streams', () => {
  const core = fileURLToPath(new URL('../index.ts', import.meta.url));
  const script = `
    import { haco, orThrow } from ${JSON.stringify(core)};
    const builder = haco().unshare('pid').stdin('inherit').stdout('inherit').stderr('inherit');
    const outcome = await orThrow(builder.sh('read word; echo "got $word"; echo problem >&2').run());
    if (outcome.stdout !== '' || outcome.stderr !== '') throw new Error('they were captured');`;
  const node = [
    '--conditions=@haco/source',
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '-e',
    script,
  ];

  test('are those of this program, here pipes', () => {
    const { stdout, stderr } = spawnSync(process.execPath, node, { input: 'hello\n', encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['got hello\n', 'problem\n']);
  });

  test('are those of this program, here files', () => {
    const names = ['in', 'out', 'err'].map((name) => join(directory, `inherited.${name}`));
    const [input = '', output = '', errors = ''] = names;
    writeFileSync(input, 'from a file\n');
    const stdio = [openSync(input, 'r'), openSync(output, 'w'), openSync(errors, 'w')];
    spawnSync(process.execPath, node, { stdio });
    for (const fd of stdio) closeSync(fd);
    expect([readFileSync(output, 'utf8'), readFileSync(errors, 'utf8')]).toEqual(['got from a file\n', 'problem\n']);
  });
});
