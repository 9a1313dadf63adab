import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { flags, slot, struct, syscall, type Step } from '@haco/plan';
import { describeWith, expectNothingLeft, parseAnswer, probePath } from '@haco/testkit';
import { begin, clone, ended, exec, failed, perform, step, warmUp } from '../fixtures/perform.js';

const AT_FDCWD = -100;
/** The kernel ignores this limit since 2.4.30 (getrlimit(2)), so that no host lowers it. */
const RLIMIT_RSS = 5;
const open = flags({ O_RDWR: 2, O_CREAT: 0o100, O_CLOEXEC: 0o2000000 }, 'O_RDWR', 'O_CREAT', 'O_CLOEXEC');
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haco-sys-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const file = (name: string) => join(home, name);
const touch = (name: string, save?: string) =>
  syscall('openat', [AT_FDCWD, file(name), open, 0o600], save === undefined ? {} : { save });
const simple = (...before: readonly Step[]) => [...before, clone(), exec('/bin/true')];

describeWith(['root', 'probe'], 'the launcher', () => {
  // Its memory file is made once per process.
  beforeAll(warmUp);

  it('starts a command and tells its exit code and what it used', async () => {
    const { end, pid } = await expectNothingLeft(() => ended([clone(), exec('/bin/sh', '-c', 'exit 7')]));
    expect(end).toMatchObject({ exitCode: 7, signal: null });
    expect(end.usage.maxRssBytes).toBeGreaterThan(0);
    expect(pid).toBeGreaterThan(1);
  });

  it('tells the signal that ended a command', async () => {
    const { end } = await ended([clone(), exec('/bin/sh', '-c', 'kill -15 $$')]);
    expect(end).toMatchObject({ exitCode: null, signal: 15 });
  });

  it.each(['prepare', 'join', 'session', 'exec'] as const)(
    'names step, call and errno of a failure in %s',
    async (phase) => {
      const bad = step(phase, [syscall('chdir', ['/']), syscall('chdir', [file('nowhere')])], 'test.bad');
      const { error, failure } = await expectNothingLeft(() => failed([bad, clone(), exec('/bin/true')]));
      expect(failure).toMatchObject({
        errno: 'ENOENT',
        step: { id: 'test.bad' },
        operation: { args: [file('nowhere')] },
      });
      expect(error).toMatchObject({
        kind: 'syscall',
        stepId: 'test.bad',
        errno: 'ENOENT',
        call: `chdir("${file('nowhere')}")`,
      });
    },
  );

  it.each([
    ['wakes at its exec', []],
    ['has something to do meanwhile', [step('parent', [syscall('getpid', [])], 'test.parent')]],
    ['undoes something at the end', [step('undo', [syscall('getpid', [])], 'test.undo')]],
  ] as const)('a process that is killed before its command never ran, for a launcher that %s', async (_name, more) => {
    const dies = step(
      'session',
      [syscall('getpid', [], { save: 'self' }), syscall('kill', [slot('self'), 9])],
      'test.die',
    );
    const { error } = await expectNothingLeft(() => failed([clone(), dies, exec('/bin/true'), ...more]));
    expect(error.message).toBe(
      "Could not start the launcher: haco-init failed with ECANCELED; the container's process ended by signal 9 before the command ran, by somebody or for want of memory; if it has a memory limit, raise that.",
    );
  });

  it('names a failure of the parent phase, and the waiting process ends with it', async () => {
    const bad = step('parent', [syscall('chdir', [file('nowhere')])], 'test.bad');
    const { failure } = await expectNothingLeft(() => failed(simple(bad)));
    expect(failure).toMatchObject({ errno: 'ENOENT', step: { id: 'test.bad' } });
  });

  it('names a clone that the kernel refuses', async () => {
    // CLONE_THREAD without CLONE_SIGHAND is EINVAL.
    const bad = step('clone', [{ op: 'clone', flags: { flags: ['CLONE_THREAD'], value: 0x1_0000 } }]);
    const { error } = await expectNothingLeft(() => failed([bad, exec('/bin/true')]));
    expect(error).toMatchObject({ kind: 'syscall', syscall: 'clone3', errno: 'EINVAL' });
  });

  it('tells a missing command apart from one that exits with 127', async () => {
    const { failure } = await failed([clone(), exec(file('nowhere'))]);
    expect(failure).toMatchObject({ errno: 'ENOENT', operation: { name: 'execve' } });
    expect((await ended([clone(), exec('/bin/sh', '-c', 'exit 127')])).end.exitCode).toBe(127);
  });

  it('goes on after a tolerated error, and fails after any other', async () => {
    const tolerant = syscall('chdir', [file('nowhere')], { tolerate: ['EACCES', 'ENOENT'] });
    expect((await ended(simple(step('prepare', [tolerant])))).end.exitCode).toBe(0);
    const strict = syscall('chdir', [file('nowhere')], { tolerate: ['EACCES', 'ENOTDIR'] });
    expect((await failed(simple(step('prepare', [strict])))).failure).toMatchObject({ errno: 'ENOENT' });
  });

  it('keeps the negative errno of a tolerated error in the slot', async () => {
    const steps = simple(
      step('prepare', [
        syscall('chdir', [file('nowhere')], { tolerate: ['ENOENT'], save: 'result' }),
        // -2 as a descriptor is refused as such.
        syscall('fchdir', [slot('result')], { tolerate: ['EBADF'] }),
      ]),
    );
    expect((await ended(steps)).end.exitCode).toBe(0);
  });

  it('skips what a success or a tolerated error makes needless, also operations that take several on the wire', async () => {
    const twoOnTheWire = syscall('fstat', [slot('a'), struct({ name: 'x', type: 'u64', value: slot('a') })]);
    await ended(
      simple(
        step('prepare', [
          syscall('chdir', ['/'], { skipOnSuccess: 2, save: 'a' }),
          touch('left-out'),
          twoOnTheWire,
          touch('after-success'),
          syscall('chdir', [file('nowhere')], { tolerate: ['ENOENT'], skipOnTolerated: 1 }),
          touch('left-out'),
          touch('after-tolerated'),
        ]),
      ),
    );
    expect(existsSync(file('left-out'))).toBe(false);
    expect(existsSync(file('after-success')) && existsSync(file('after-tolerated'))).toBe(true);
  });

  it('tells the time of every step that was done, a step whose last operation was skipped included', async () => {
    const { end } = await ended([
      step('prepare', [syscall('chdir', ['/'], { skipOnSuccess: 1 }), touch('left-out')], 'test.skipping'),
      clone(),
      step('session', [syscall('chdir', ['/'])]),
      exec('/bin/true'),
    ]);
    expect(end.steps.map((time) => time.step)).toEqual(['test.skipping', 'test.clone', 'test.session']);
    expect(end.steps.every(({ ms }) => ms >= 0 && ms < 20_000)).toBe(true);
  });

  it('retries while the errno is the one that it was told', async () => {
    const late = (times: number) =>
      syscall('openat', [AT_FDCWD, file('late'), 0, 0], { retry: { errnos: ['ENOENT'], times } });
    expect((await failed(simple(step('prepare', [late(5)])))).failure).toMatchObject({ errno: 'ENOENT' });
    setTimeout(() => writeFileSync(file('late'), ''), 50);
    expect((await ended(simple(step('prepare', [late(5000)])))).end.exitCode).toBe(0);
  });

  it('takes a result other than the expected one as EIO', async () => {
    const write = (expect: number) =>
      step('prepare', [touch('text', 'text'), syscall('write', [slot('text'), 'abc', 3], { expect })]);
    expect((await ended(simple(write(3)))).end.exitCode).toBe(0);
    expect((await failed(simple(write(4)))).failure).toMatchObject({ errno: 'EIO' });
  });

  it('hands what one operation returned to later ones, as argument, in structures and in paths', async () => {
    const steps = [
      step('prepare', [
        touch('text', 'text'),
        syscall('getpid', [], { save: 'launcher' }),
        syscall('chdir', [{ procPath: 'launcher' }]),
        syscall('openat', [AT_FDCWD, 'comm', 0, 0], { save: 'comm' }),
        syscall('read', [slot('comm'), { out: 'comm', size: 16 }, 16], { expect: 10 }),
        syscall('writev', [
          slot('text'),
          struct(
            { name: 'iov_base', type: 'u64', value: { out: 'comm', size: 16 } },
            { name: 'iov_len', type: 'u64', value: 9 },
          ),
          1,
        ]),
      ]),
      clone(),
      // What the launcher kept before the clone is there after it, descriptors too.
      step('session', [
        syscall('lseek', [slot('text'), 0, 0], { expect: 0 }),
        syscall('read', [slot('text'), { out: 'seen-inside', size: 16 }, 16], { expect: 9 }),
      ]),
      exec('/bin/true'),
    ];
    const { outs } = (await ended(steps)).end;
    expect(outs.get('comm')?.toString('latin1')).toBe('haco-init\n\0\0\0\0\0\0');
    expect(outs.get('seen-inside')?.toString('latin1')).toBe(`haco-init${'\0'.repeat(7)}`);
  });

  it('loads 32-bit values out of buffers', async () => {
    const { outs } = (
      await ended(
        simple(
          step('prepare', [
            syscall('pipe2', [{ out: 'pipe', size: 8 }, 0o2000000]),
            { op: 'load', from: 'pipe', offset: 0, save: 'reader' },
            { op: 'load', from: 'pipe', offset: 4, save: 'writer' },
            syscall('write', [slot('writer'), 'hello', 5], { expect: 5 }),
            syscall('read', [slot('reader'), { out: 'text', size: 8 }, 8], { expect: 5 }),
          ]),
        ),
      )
    ).end;
    expect(outs.get('text')?.toString()).toBe('hello\0\0\0');
  });

  it('goes on only when what the kernel said is what it must be', async () => {
    const seen = syscall('pread64', [slot('text'), { out: 'text', size: 8 }, 8, 0], { expect: 3 });
    const again = syscall('pread64', [slot('text'), { out: 'again', size: 8 }, 8, 0], { expect: 3 });
    const write = [touch('text', 'text'), syscall('pwrite64', [slot('text'), 'abc', 3, 0], { expect: 3 })];
    const must = (offset: number, text: string) =>
      ({
        op: 'compare',
        from: 'text',
        offset,
        with: { bytes: Buffer.from(text).toString('base64') },
        must: text,
      }) as const;
    const same = { op: 'compare', from: 'text', offset: 0, with: { out: 'again', size: 8 }, must: 'the same' } as const;
    const good = await ended(simple(step('prepare', [...write, seen, again, must(1, 'bc'), same])));
    expect(good.end.outs.get('text')?.toString()).toBe('abc\0\0\0\0\0');
    const other = syscall('pwrite64', [slot('text'), 'x', 1, 2], { expect: 1 });
    for (const operations of [
      [...write, seen, must(1, 'bd')],
      [...write, seen, other, again, same],
    ]) {
      const error = (await failed(simple(step('prepare', operations)))).error;
      expect(error).toMatchObject({ kind: 'syscall', syscall: 'compare', errno: 'ESTALE' });
    }
  });

  it('passes numbers of all sizes as they are', async () => {
    const { outs } = (
      await ended(
        simple(
          step('prepare', [
            touch('far', 'far'),
            syscall('lseek', [slot('far'), 2 ** 40, 0], { save: 'at', expect: 2 ** 40 }),
            syscall('lseek', [slot('far'), -(2 ** 39), 1], { expect: 2 ** 39 }),
            syscall('prlimit64', [
              0,
              RLIMIT_RSS,
              struct({ name: 'soft', type: 'u64', value: 0 }, { name: 'hard', type: 'u64', value: -1 }),
              0,
            ]),
            syscall('prlimit64', [0, RLIMIT_RSS, 0, { out: 'rss', size: 16 }]),
          ]),
        ),
      )
    ).end;
    expect(outs.get('rss')?.readBigUInt64LE(8)).toBe(0xffff_ffff_ffff_ffffn);
  });

  it('knows the pid of the process before that does anything', async () => {
    const pids: number[] = [];
    const { pid } = await ended([clone(), step('session', [{ op: 'barrier', name: 'hook' }]), exec('/bin/true')], {
      onBarrier: (_, childPid) => {
        pids.push(childPid);
        return Promise.resolve(ok(undefined));
      },
    });
    expect(pids).toEqual([pid]);
  });

  it('can be stopped while its set-up hangs', async () => {
    const none = openSync('/dev/null', 'r+');
    const launched = begin([clone(), step('session', [syscall('ppoll', [0, 0, 0, 0, 8])]), exec('/bin/true')], {
      stdio: [none, none, none],
    });
    setTimeout(() => launched.kill(9), 50);
    const started = await launched.started;
    closeSync(none);
    if (started.isOk()) expect((await launched.ended).signal).toBe(9);
    else expect(started.error.error.kind).toBe('state');
  });

  it('gives the command only its standard streams', async () => {
    const passed = openSync('/dev/null', 'r');
    const { stdout } = await ended([clone(), exec(probePath(), 'fds')], { passed: [passed], fds: ['extra'] });
    closeSync(passed);
    expect(parseAnswer('fds', stdout).fds.map(({ fd }) => fd)).toEqual([0, 1, 2]);
  });

  it('gives the command default dispositions and no blocked signal, though the launcher blocks all and Node ignores SIGPIPE', async () => {
    const { stdout } = await ended([clone(), exec(probePath(), 'signals')]);
    expect(parseAnswer('signals', stdout)).toEqual({ ignored: [], blocked: [], caught: [], pending: [] });
  });

  it('refuses a call that this architecture lacks before anything is started', async () => {
    await expect(perform([clone(), step('exec', [syscall('no_such_call', [])])])).rejects.toThrow('no system call');
  });
});
