/** Capabilities of files on the real kernel, compared with getcap and setcap of libcap. */
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { describeWith, makeTemporaryDirectory, probePath } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileCapabilities, removeFileCapabilities, writeFileCapabilities } from './file-caps.js';

let directory = '';
let file = '';

beforeAll(async () => {
  directory = await makeTemporaryDirectory('file-caps');
  chmodSync(directory, 0o755);
  file = join(directory, 'program');
  copyFileSync('/bin/true', file);
});
afterAll(() => rmSync(directory, { recursive: true }));

const getcap = (path = file): string =>
  execFileSync('getcap', ['-n', path], { encoding: 'utf8' }).replace(path, '').trim();
const read = (path = file) => readFileCapabilities(path)._unsafeUnwrap();

describeWith(['root', 'tool:getcap', 'tool:setcap'], 'capabilities of a file', () => {
  test('are read by getcap as they were written', () => {
    writeFileCapabilities(file, { permitted: ['net_raw', 'NetBindService'] })._unsafeUnwrap();
    expect(getcap()).toBe('cap_net_bind_service,cap_net_raw=ep');
    writeFileCapabilities(file, {
      permitted: ['bpf'],
      inheritable: ['chown', 'bpf'],
      effective: false,
    })._unsafeUnwrap();
    expect(getcap()).toBe('cap_bpf=ip cap_chown+i');
    writeFileCapabilities(file, { permitted: ['kill'], rootId: 100_000 })._unsafeUnwrap();
    expect(getcap()).toBe('cap_kill=ep [rootid=100000]');
  });

  test('are read as setcap has written them', () => {
    execFileSync('setcap', ['cap_net_raw,cap_perfmon=ei cap_net_raw+p', file]);
    // The effective flag is one for all of the file; setcap wants it of all that there is.
    expect(read()).toEqual({ permitted: ['net_raw'], inheritable: ['net_raw', 'perfmon'], effective: true });
    execFileSync('setcap', ['-n', '1000', 'cap_chown=p', file]);
    expect(read()).toEqual({ permitted: ['chown'], inheritable: [], effective: false, rootId: 1000 });
    expect(readFileCapabilities('/program', { root: directory })._unsafeUnwrap()).toEqual(read());
  });

  test('are gone when they were removed, and removing nothing is no error', () => {
    writeFileCapabilities(file, { permitted: ['kill'] })._unsafeUnwrap();
    removeFileCapabilities(file)._unsafeUnwrap();
    removeFileCapabilities(file)._unsafeUnwrap();
    expect(read()).toBeUndefined();
    expect(getcap()).toBe('');
  });
});

describeWith(['root', 'probe'], 'capabilities of a command', () => {
  test('are those of its file, unless it may not gain any', async () => {
    const program = join(directory, 'probe');
    copyFileSync(probePath(), program);
    chmodSync(program, 0o755);
    writeFileCapabilities(program, { permitted: ['net_raw'] })._unsafeUnwrap();
    const effective = async (builder: ReturnType<typeof haco>): Promise<unknown> => {
      const { stdout } = await orThrow(builder.command(program, 'caps').run());
      return BigInt(`0x${(JSON.parse(stdout) as { effective: string }).effective}`);
    };
    const user = haco().user(12_345);
    expect(await effective(user)).toBe(1n << 13n);
    expect(await effective(user.noNewPrivileges())).toBe(0n);
    // With the effective flag, execve(2) refuses what the bounding set doesn't have (EPERM): a program must not run half-armed.
    const refused = await user.caps('none').command(program, 'caps').run();
    expect(refused._unsafeUnwrapErr()).toMatchObject({ kind: 'syscall', errno: 'EPERM' });
  });
});

describeWith(['root'], 'what has no capabilities', () => {
  test('a link is not followed, unless it stays inside of the root', () => {
    mkdirSync(join(directory, 'root/bin'), { recursive: true });
    writeFileSync(join(directory, 'root/bin/target'), '');
    symlinkSync('/bin', join(directory, 'root/sbin'));
    symlinkSync(file, join(directory, 'link'));
    const error = readFileCapabilities(join(directory, 'link'))._unsafeUnwrapErr();
    expect(error.message).toContain('it is a symbolic link, which is not followed; give the path of the file itself');
    const root = join(directory, 'root');
    writeFileCapabilities('/sbin/target', { permitted: ['kill'] }, { root })._unsafeUnwrap();
    expect(read(join(root, 'bin/target'))).toMatchObject({ permitted: ['kill'] });
    expect(readFileCapabilities('/../../bin/true', { root })._unsafeUnwrapErr().kind).toBe('not-found');
  });

  test('a fifo and a device are refused without being opened', () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    for (const path of [fifo, '/dev/null', directory]) {
      expect(writeFileCapabilities(path, { permitted: ['kill'] })._unsafeUnwrapErr().message).toContain(
        'only regular files have capabilities',
      );
    }
  });

  test('a file that is not there, one on /proc, and names that are none', () => {
    expect(readFileCapabilities('/nope/x')._unsafeUnwrapErr()).toMatchObject({ kind: 'not-found', subject: '/nope/x' });
    expect(writeFileCapabilities('/proc/uptime', { permitted: ['kill'] })._unsafeUnwrapErr()).toMatchObject({
      kind: 'io',
      errno: 'EOPNOTSUPP',
    });
    const wrong = writeFileCapabilities(file, { permitted: ['kill', 'x' as 'kill'] })._unsafeUnwrapErr();
    expect(wrong).toMatchObject({ kind: 'invalid-spec', issues: [{ path: 'permitted[1]' }] });
    for (const rootId of [-1, 2 ** 32 - 1, 1.5]) {
      expect(writeFileCapabilities(file, { rootId })._unsafeUnwrapErr().kind).toBe('invalid-spec');
    }
  });
});
