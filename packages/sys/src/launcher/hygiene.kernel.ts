import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith, expectNothingLeft, parseAnswer, probePath } from '@haco/testkit';
import { syscall } from '@haco/plan';
import { launcherBinaries } from './binary.generated.js';
import { launcherPath } from './image.js';
import { libc } from '../libc.js';
import { nodeCommand, outputOf } from '../fixtures/node-program.js';
import { arch, begin, clone, ended, exec, perform, scratchFile, step, warmUp } from '../fixtures/perform.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haco-sys-'));
});
afterEach(() => {
  delete process.env['HACO_INIT'];
  rmSync(home, { recursive: true, force: true });
});

function ownCopy(mode: number): string {
  const file = join(home, 'haco-init');
  writeFileSync(file, Buffer.from(launcherBinaries[arch].base64, 'base64'));
  chmodSync(file, mode);
  return file;
}

/** Opened read-only, so that the launcher is ours and nobody writes. */
const image = () => launcherPath()._unsafeUnwrap();

describeWith(['root', 'probe'], 'the launcher', () => {
  beforeAll(warmUp);

  it('is another executable when HACO_INIT says so', async () => {
    process.env['HACO_INIT'] = ownCopy(0o755);
    expect((await ended([clone(), exec('/bin/true')])).end.exitCode).toBe(0);
    process.env['HACO_INIT'] = join(home, 'nowhere');
    await expect(perform([clone(), exec('/bin/true')])).rejects.toMatchObject({ kind: 'syscall', errno: 'ENOENT' });
  });

  it('refuses to run set-uid, for whoever is not its owner', async () => {
    // Only a user whose ids change makes the kernel say AT_SECURE: an ordinary one.
    chmodSync(home, 0o755);
    const file = ownCopy(0o4755);
    const [node = '', ...args] = nodeCommand('refusal.ts');
    const child = spawn(node, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      uid: 65534,
      gid: 65534,
      env: { ...process.env, HACO_INIT: file, HOME: home, TMPDIR: '/tmp' },
    });
    const told = JSON.parse(await outputOf(child)) as { kind: string; message: string };
    expect(told.kind).toBe('syscall');
    expect(told.message).toContain('set-uid');
  });

  it('can’t be written, truncated or mapped for writing by anybody', () => {
    const fd = openSync(image(), 'r+');
    expect(() => writeSync(fd, 'x', 0)).toThrow('EPERM');
    expect(() => ftruncateSync(fd, 10)).toThrow('EPERM');
    closeSync(fd);
    // The seals of the memory file itself: even root with the right descriptor can't.
    const F_GET_SEALS = 1034;
    const sealShrinkGrowWrite = 0x0f;
    expect(sealsOf(F_GET_SEALS) & sealShrinkGrowWrite).toBe(sealShrinkGrowWrite);
  });

  it('can’t be written through /proc/<pid>/exe while it runs', async () => {
    const none = openSync('/dev/null', 'r+');
    const launched = begin([clone(), exec('/bin/sleep', '1000'), step('undo', [syscall('getpid', [])])], {
      stdio: [none, none, none],
    });
    const started = await launched.started;
    closeSync(none);
    expect(started.isOk()).toBe(true);
    const children = readFileSync(`/proc/self/task/${String(process.pid)}/children`, 'utf8')
      .trim()
      .split(' ');
    const pid = children.find((child) => readlinkSync(`/proc/${child}/exe`).startsWith('/memfd:haco-init')) ?? '';
    expect(pid).not.toBe('');
    expect(() => writeSync(openSync(`/proc/${pid}/exe`, 'r+'), 'x')).toThrow(/EPERM|ETXTBSY/);
    launched.kill(9);
    await launched.ended;
  });

  it('holds no stream of the container while it waits for the end', async () => {
    const output = scratchFile();
    const none = openSync('/dev/null', 'r');
    const launched = begin([clone(), exec('/bin/sleep', '1000'), step('undo', [syscall('getpid', [])])], {
      stdio: [none, output, output],
    });
    closeSync(none);
    const { pid } = (await launched.started)._unsafeUnwrap();
    const children = readFileSync(`/proc/self/task/${String(process.pid)}/children`, 'utf8')
      .trim()
      .split(' ');
    const launcher = children.find((child) => child !== String(pid)) ?? '';
    expect(readFileSync(`/proc/${launcher}/comm`, 'utf8')).toBe('haco-init\n');
    for (let tries = 0; tries < 3000 && opens(launcher, '1'); tries++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(['0', '1', '2'].map((fd) => opens(launcher, fd))).toEqual([false, false, false]);
    launched.kill(9);
    await launched.ended;
    closeSync(output);
  });

  it('gets its descriptors right whatever their numbers in Node are', async () => {
    // Streams and passed descriptors under the very numbers that the launcher gives to others: crossed, and as they are.
    const outputs = [scratchFile(), scratchFile(), scratchFile()] as const;
    const low = await outputOf(spawnCrossed());
    for (const fd of outputs) closeSync(fd);
    expect(JSON.parse(low)).toEqual({ out: 'out\n', err: 'err\n', passed: ['first', 'second'] });
  });

  it('gives the command nothing that Node inherited without close-on-exec', async () => {
    const child = spawn(
      '/bin/sh',
      ['-c', 'exec 7</dev/null 9</dev/null; exec "$@"', 'sh', ...nodeCommand('own-descriptors.ts', probePath())],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    expect(parseAnswer('fds', await outputOf(child)).fds.map(({ fd }) => fd)).toEqual([0, 1, 2]);
  });

  it.each([50, 99_999_999])('takes the closed descriptor %i as an error', async (closed) => {
    await expectNothingLeft(async () => {
      await expect(perform([clone(), exec('/bin/true')], { stdio: [closed, 1, 2] })).rejects.toMatchObject({
        kind: 'syscall',
        errno: 'EBADF',
      });
    });
  });
});

function sealsOf(command: number): number {
  const fd = Number(/\d+$/.exec(image())?.[0]);
  return libc().fcntl(fd, command, 0);
}

function opens(pid: string, fd: string): boolean {
  try {
    readlinkSync(`/proc/${pid}/fd/${fd}`);
    return true;
  } catch {
    return false;
  }
}

function spawnCrossed() {
  const [node = '', ...args] = nodeCommand('crossed-descriptors.ts');
  return spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}
