/** The launcher for arm64, under qemu's user mode on another machine: as far as that goes, which is everything before the clone. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { orderSteps, slot, struct, syscall, type Step } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { encodePlan, wireOrder } from '../src/codec/encode.js';
import { clone, step } from '../src/fixtures/perform.js';
import { launcherBinaries } from '../src/launcher/binary.generated.js';
import { readOuts, readReport } from '../src/launcher/report.js';

const home = mkdtempSync(join(tmpdir(), 'haco-arm64-'));
afterAll(() => rmSync(home, { recursive: true }));

const emulator = process.arch === 'arm64' ? [] : ['qemu-aarch64-static'];
const launcher = join(home, 'haco-init');
writeFileSync(launcher, Buffer.from(launcherBinaries.arm64.base64, 'base64'), { mode: 0o755 });

/** Exit code, standard output and what the report says. */
async function run(steps: readonly Step[], change: (bytes: Buffer) => void = () => undefined) {
  const encoded = encodePlan(wireOrder(orderSteps(steps)), {
    arch: 'arm64',
    callerPid: process.pid,
    dieWithCaller: true,
    notify: false,
    fds: [],
  });
  const bytes = Buffer.from(encoded.bytes);
  change(bytes);
  const plan = openSync(join(home, 'plan'), 'w+');
  try {
    writeSync(plan, bytes);
    const [file = '', ...args] = [...emulator, launcher];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit', plan] });
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, stdout, report: readReport(plan, encoded), outs: readOuts(plan, encoded) };
  } finally {
    closeSync(plan);
  }
}

describeWith(process.arch === 'arm64' ? [] : ['tool:qemu-aarch64-static'], 'the launcher for arm64', () => {
  it('takes a plan, performs calls, keeps results, and tells its success', async () => {
    const { code, report, outs } = await run([
      step('prepare', [
        syscall('pipe2', [{ out: 'pipe', size: 8 }, 0o2000000]),
        { op: 'load', from: 'pipe', offset: 0, save: 'reader' },
        { op: 'load', from: 'pipe', offset: 4, save: 'writer' },
        syscall(
          'writev',
          [
            slot('writer'),
            struct({ name: 'base', type: 'u64', value: 'hello' }, { name: 'length', type: 'u64', value: 5 }),
            1,
          ],
          { expect: 5 },
        ),
        syscall('read', [slot('reader'), { out: 'text', size: 8 }, 8], { expect: 5 }),
        syscall('chdir', ['/nowhere'], { tolerate: ['ENOENT'], skipOnTolerated: 1 }),
        syscall('chdir', ['/nowhere']),
        syscall('getpid', [], { save: 'self' }),
        syscall('chdir', [{ procPath: 'self' }]),
      ]),
    ]);
    expect(report.failure).toBeUndefined();
    expect([code, report.state]).toEqual([0, 'ended']);
    expect(outs.get('text')?.toString()).toBe('hello\0\0\0');
  });

  it('names the operation that failed, and undoes', async () => {
    const { code, report, outs } = await run([
      step('prepare', [syscall('chdir', ['/']), syscall('chdir', ['/nowhere'])], 'test.bad'),
      step('undo', [
        syscall('openat', [-100, '/proc/self/comm', 0, 0], { save: 'comm' }),
        syscall('read', [slot('comm'), { out: 'comm', size: 16 }, 16]),
      ]),
    ]);
    expect(code).toBe(1);
    expect(report.failure).toMatchObject({
      step: { id: 'test.bad' },
      operation: { args: ['/nowhere'] },
      errno: 'ENOENT',
    });
    expect(report.undoFailure).toBeUndefined();
    expect(outs.get('comm')?.toString()).toContain('\n');
  });

  it('executes a command', async () => {
    // The command is this machine's: the kernel runs it without the emulator.
    const { code, stdout } = await run([
      step('prepare', [
        syscall('execve', ['/bin/sh', { strings: ['sh', '-c', 'echo $0 $1; exit 7', 'a', 'b'] }, { strings: [] }]),
      ]),
    ]);
    expect([code, stdout]).toEqual([7, 'a b\n']);
  });

  it('refuses a malformed plan', async () => {
    const { code } = await run([step('prepare', [syscall('getpid', [])])], (bytes) => bytes.writeUInt32LE(99, 4));
    expect(code).toBe(104);
  });

  const clones =
    process.arch === 'arm64' ? 'clones' : 'tells that clone3 is missing, which is how far the emulator goes';
  it(clones, async () => {
    const { report } = await run([clone(), step('exec', [syscall('execve', ['/bin/true', { strings: ['true'] }, 0])])]);
    if (process.arch === 'arm64') expect(report.failure).toBeUndefined();
    else expect(report.failure).toMatchObject({ operation: { op: 'clone' }, errno: 'ENOSYS' });
  });
});
