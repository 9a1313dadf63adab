import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { syscall, type Step } from '@haco/plan';
import { describeWith, expectNothingLeft, parseAnswer, probePath } from '@haco/testkit';
import {
  begin,
  clone,
  contentOf,
  ended,
  exec,
  failed,
  ownProc,
  scratchFile,
  step,
  warmUp,
} from '../fixtures/perform.js';
import { libc } from '../libc.js';
import { makePipe } from '../fixtures/pipe.js';

const init = step('confine', [{ op: 'init' }], 'test.init');
const own = clone('CLONE_NEWPID', 'CLONE_NEWNS');
const sh = (script: string): readonly Step[] => [own, ownProc, init, exec('/bin/sh', '-c', script)];

/** A container that runs until it is ended, with what it printed; `ready` must be the first thing that it prints. */
async function running(steps: readonly Step[]) {
  const none = openSync('/dev/null', 'r');
  const output = scratchFile();
  const launched = begin(steps, { stdio: [none, output, output] });
  const started = await launched.started;
  closeSync(none);
  if (started.isErr()) throw started.error.error;
  while (!contentOf(output).includes('ready')) await sleep(5);
  return {
    launched,
    pid: started.value.pid,
    end: async () => {
      const end = await launched.ended;
      const stdout = contentOf(output);
      closeSync(output);
      return { end, stdout };
    },
  };
}

function openTerminal(): { readonly master: number; readonly slave: number } {
  const O_NOCTTY = 0o400;
  const master = openSync('/dev/ptmx', constants.O_RDWR | O_NOCTTY);
  const number = Buffer.alloc(4);
  libc().ioctl(master, 0x40045431, Buffer.alloc(4)); // TIOCSPTLCK
  libc().ioctl(master, 0x80045430, number); // TIOCGPTN
  return { master, slave: openSync(`/dev/pts/${String(number.readInt32LE(0))}`, constants.O_RDWR | O_NOCTTY) };
}

describeWith(['root', 'probe'], 'the init', () => {
  beforeAll(warmUp);

  it('is pid 1, its command is pid 2', async () => {
    const { stdout } = await expectNothingLeft(() => ended([own, ownProc, init, exec(probePath(), 'session')]));
    expect(parseAnswer('session', stdout)).toMatchObject({ pid: 2, ppid: 1, parentDeathSignal: null });
  });

  it('reaps orphans', async () => {
    const { stdout } = await ended([own, ownProc, init, exec(probePath(), 'zombies', '5')]);
    expect(parseAnswer('zombies', stdout)).toEqual({ orphans: 5, zombies: 0 });
  });

  it('leaves orphans to a command that is pid 1 itself, which shows that the probe can tell', async () => {
    const { stdout } = await ended([own, ownProc, exec(probePath(), 'zombies', '5')]);
    expect(parseAnswer('zombies', stdout)).toEqual({ orphans: 5, zombies: 5 });
  });

  it.each([0, 1, 42, 255])('tells exit code %i', async (code) => {
    expect((await ended(sh(`exit ${String(code)}`))).end).toMatchObject({ exitCode: code, signal: null });
  });

  it.each([9, 15, 6])('tells that signal %i ended the command, which an exit code could not', async (signal) => {
    expect((await ended(sh(`kill -${String(signal)} $$`))).end).toMatchObject({ exitCode: null, signal });
  });

  it('ends with its command, and takes everything else along', async () => {
    await expectNothingLeft(() => ended(sh('sleep 1000 & sleep 1000 & exit 0')));
  });

  it.each([1, 2, 10, 15, 28])('forwards signal %i once', async (signal) => {
    // Some time after the first one, too: a second would come then.
    const script = `trap 'echo got; g=1' ${String(signal)}; echo ready; while [ -z "$g" ] || [ $((n=n+1)) -lt 30 ]; do sleep 0.01; done; exit 5`;
    const container = await running(sh(script));
    container.launched.kill(signal);
    const { end, stdout } = await container.end();
    expect(stdout).toBe('ready\ngot\n');
    expect(end.exitCode).toBe(5);
  });

  it('doesn’t forward what the terminal sends to the whole group', async () => {
    const home = mkdtempSync(join(tmpdir(), 'haco-sys-'));
    const told = join(home, 'told');
    writeFileSync(told, '');
    const { master, slave } = openTerminal();
    const script = `trap 'echo got >> ${told}; g=1' INT; echo ready > ${told}; while [ -z "$g" ] || [ $((n=n+1)) -lt 30 ]; do sleep 0.01; done; exit 0`;
    const session = step('session', [syscall('setsid', []), syscall('ioctl', [0, 0x540e, 0])], 'test.terminal'); // TIOCSCTTY
    const launched = begin([own, ownProc, session, init, exec('/bin/sh', '-c', script)], {
      stdio: [slave, slave, slave],
    });
    expect((await launched.started).isOk()).toBe(true);
    while (!readFileSync(told, 'utf8').includes('ready')) await sleep(5);
    writeSync(master, '\x03');
    expect((await launched.ended).exitCode).toBe(0);
    expect(readFileSync(told, 'utf8')).toBe('ready\ngot\n');
    closeSync(master);
    closeSync(slave);
    rmSync(home, { recursive: true });
  });

  it('is ended by SIGKILL with everything in it', async () => {
    await expectNothingLeft(async () => {
      const container = await running(sh('sleep 1000 & echo ready; wait'));
      container.launched.kill(9);
      expect((await container.end()).end).toMatchObject({ exitCode: null, signal: 9 });
    });
  });

  it('keeps nothing of the plan in its memory, and no descriptor', async () => {
    const container = await running(sh('echo ready; sleep 1000'));
    const maps = readFileSync(`/proc/${String(container.pid)}/maps`, 'utf8');
    const descriptors = readdirSync(`/proc/${String(container.pid)}/fd`);
    const comm = readFileSync(`/proc/${String(container.pid)}/comm`, 'utf8');
    container.launched.kill(9);
    await container.end();
    expect(comm).toBe('haco-init\n');
    expect(maps).not.toContain('haco-plan');
    expect(descriptors).toEqual([]);
  });

  it('can’t be written through /proc/1/exe', async () => {
    const { stdout } = await ended(
      sh('echo x > /proc/1/exe; cp /proc/1/exe /tmp/haco-copy.$$ && wc -c < /tmp/haco-copy.$$; rm /tmp/haco-copy.$$'),
    );
    expect(stdout).toMatch(/Operation not permitted|Text file busy/);
    // Readable, as any program: the attack above was really on it.
    expect(stdout).toMatch(/^\d{4,5}$/m);
  });

  it('lets the streams of the container end when the command closes them', async () => {
    const pipe = makePipe();
    const none = openSync('/dev/null', 'r');
    const container = begin(sh('exec >&- 2>&-; sleep 1000'), { stdio: [none, pipe.writer, pipe.writer] });
    closeSync(none);
    closeSync(pipe.writer);
    expect((await container.started).isOk()).toBe(true);
    await pipe.ended;
    // It still runs: the end of its streams wasn't its own.
    expect(container.kill(9)).toBe(true);
    expect((await container.ended).signal).toBe(9);
  });

  it('is refused in the launcher itself', async () => {
    const { error } = await failed([step('prepare', [{ op: 'init' }]), clone(), exec('/bin/true')]);
    expect(error.message).toContain('malformed');
  });
});
