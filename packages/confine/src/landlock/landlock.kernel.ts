/** Landlock on the real kernel: each denial is first shown to be possible without it. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { haco, orThrow, realRuntime, type Builder } from '@haco/core';
import { probeHost } from '@haco/sys';
import {
  describeWith,
  expectNothingLeft,
  hidingSyscalls,
  makeRootfs,
  makeTemporaryDirectory,
  runCommand,
  type TestRootfs,
  nodeWith,
} from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confinement as known } from '../fixture.js';

let directory = '';

beforeAll(async () => {
  await orThrow(haco().command('/bin/true').run());
  directory = await makeTemporaryDirectory('landlock');
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'data'));
  writeFileSync(join(directory, 'data/file'), 'content\n');
  writeFileSync(join(directory, 'secret'), 'secret\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What a program needs to run at all. */
const programs = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache'].filter((path) => existsSync(path));
const base = haco().noNewPrivileges();
const free = () => base;
const confined = () => base.landlock({ execute: programs });

async function outcome(builder: Builder, script: string): Promise<string> {
  const { stdout, stderr } = await orThrow(builder.sh(`cd ${directory}; ${script}`).run());
  return `${stdout}${stderr}`;
}

describeWith(['root', 'landlock', 'kernel:6.12'], 'files under Landlock', () => {
  test('what was not named is denied, to root too', () =>
    expectNothingLeft(async () => {
      const read = `cat ${directory}/secret`;
      expect(await outcome(free(), read)).toBe('secret\n');
      expect(await outcome(confined(), read)).toContain('Permission denied');
      expect(await outcome(confined().landlock({ read: directory }), read)).toBe('secret\n');
    }));

  test('reading is not writing, and writing is all that makes up a directory', async () => {
    const file = join(directory, 'data/file');
    const append = `echo more >> ${file}`;
    const data = join(directory, 'data');
    expect(await outcome(confined().landlock({ read: data }), append)).toContain('Permission denied');
    expect(await outcome(confined().landlock({ read: data }), `truncate -s 0 ${file}`)).toContain('Permission denied');
    expect(readFileSync(file, 'utf8')).toBe('content\n');
    const change = `cd data; ${append}; mkdir d; mv file d/f; ln -s f d/l; mkfifo d/p; rm d/l d/p; mv d/f file; rmdir d; cat file`;
    expect(await outcome(confined().landlock({ write: data }), change)).toBe('content\nmore\n');
    const elsewhere = await outcome(confined().landlock({ write: data }), `mv data/file moved`);
    expect(elsewhere).toContain('Permission denied');
    expect(existsSync(file)).toBe(true);
  });

  test('executing is a right of its own', async () => {
    const script = join(directory, 'data/program');
    writeFileSync(script, '#!/bin/sh\necho ran\n', { mode: 0o755 });
    const writing = confined().landlock({ write: directory });
    expect(await outcome(free(), script)).toBe('ran\n');
    expect(await outcome(writing, script)).toContain('Permission denied');
    expect(await outcome(writing.landlock({ execute: script }), script)).toBe('ran\n');
  });

  test('a device can be used where that was named', async () => {
    const use = 'echo x > /dev/null && head -c 1 /dev/zero | wc -c';
    expect(await outcome(confined(), use)).toContain('Permission denied');
    expect(await outcome(confined().landlock({ device: ['/dev/null', '/dev/zero'] }), use)).toBe('1\n');
  });

  test('exactly the named rights are given', async () => {
    const rule = { path: join(directory, 'data'), allow: ['make_dir', 'read_dir'] } as const;
    const exact = confined().landlock({ rules: [rule] });
    expect(await outcome(exact, 'cd data; mkdir only; ls -d only')).toBe('only\n');
    expect(await outcome(exact, 'cd data; rmdir only')).toContain('Permission denied');
    expect(await outcome(exact, 'cat data/file')).toContain('Permission denied');
  });

  test('a path that is not there ends the start, and nothing is left', async () => {
    const error = await expectNothingLeft(() => confined().landlock({ read: '/no/such' }).command('/bin/true').run());
    expect(error._unsafeUnwrapErr()).toMatchObject({ kind: 'syscall', errno: 'ENOENT', from: 'landlock.read[0]' });
  });

  test('for an ordinary user, and below an init', async () => {
    const read = `cat ${directory}/secret`;
    expect(await outcome(confined().user(12_345), read)).toContain('Permission denied');
    expect(await outcome(confined().unshare('pid').init(), read)).toContain('Permission denied');
  });

  test('a program that joins later comes under the same rules', async () => {
    await using container = await orThrow(confined().command('/bin/sleep', '60').start());
    const { stderr } = await orThrow(container.exec('/bin/cat', `${directory}/secret`));
    expect(stderr).toContain('Permission denied');
  });

  test('the outcome says that it is in force', async () => {
    const { enforced } = await orThrow(confined().command('/bin/true').run());
    expect(enforced).toMatchObject({ landlock: 'enforced', noNewPrivileges: 'enforced' });
  });
});

describeWith(['root', 'landlock', 'kernel:6.12', 'busybox'], 'paths of a root of its own', () => {
  let rootfs: TestRootfs;
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    mkdirSync(join(rootfs.path, 'data'));
    writeFileSync(join(rootfs.path, 'data/file'), 'inside\n');
    // Leads to the host's data where somebody follows it outside of the root.
    symlinkSync(join(directory, 'data'), join(rootfs.path, 'link'));
  });
  afterAll(() => rootfs.remove());

  test('are those inside', () =>
    expectNothingLeft(async () => {
      const inside = haco()
        .noNewPrivileges()
        .unshare('mount', 'pid')
        .chroot(rootfs.path)
        .landlock({ execute: '/bin', read: '/data' });
      expect((await orThrow(inside.sh('cat /data/file').run())).stdout).toBe('inside\n');
      expect((await orThrow(inside.sh('ls /').run())).stderr).toContain('Permission denied');
      const error = (await inside.landlock({ read: '/link' }).sh('true').run())._unsafeUnwrapErr();
      expect(error).toMatchObject({ errno: 'ENOENT', from: 'landlock.read[1]' });
    }));
});

describeWith(['root', 'landlock', 'kernel:6.12', 'tool:bash'], 'what reaches out', () => {
  async function listening(use: (server: Server) => Promise<void>, at: string | number): Promise<void> {
    const server = createServer((socket) => socket.end('hello\n'));
    server.listen(typeof at === 'string' ? { path: at } : { host: '127.0.0.1', port: at });
    await once(server, 'listening');
    try {
      await use(server);
    } finally {
      server.close();
    }
  }

  test('TCP connections go to the named ports only', () =>
    listening(async (server) => {
      const { port } = server.address() as AddressInfo;
      const hello = (builder: Builder) =>
        orThrow(builder.command('/bin/bash', '-c', `cat < /dev/tcp/127.0.0.1/${String(port)}`).run());
      expect((await hello(base)).stdout).toBe('hello\n');
      expect((await hello(base.landlock({ connect: [] }))).stderr).toContain('Permission denied');
      expect((await hello(base.landlock({ connect: 1 }))).stderr).toContain('Permission denied');
      expect((await hello(base.landlock({ connect: port }))).stdout).toBe('hello\n');
      // Binding was not restricted by it.
      const { steps } = orThrow(base.landlock({ connect: port }).explain());
      expect(JSON.stringify(steps)).not.toContain('BIND_TCP');
    }, 0));

  test('TCP ports are bound only when they were named', async () => {
    const bind = `require('net').createServer().listen(0, '127.0.0.1', function () { console.log('bound'); this.close(); })`;
    const run = async (builder: Builder): Promise<string> => {
      const { stdout, stderr } = await orThrow(builder.command(process.execPath, '-e', bind).run());
      return `${stdout}${stderr}`;
    };
    expect(await run(base)).toBe('bound\n');
    expect(await run(base.landlock({ bind: [] }))).toContain('EACCES');
    expect(await run(base.landlock({ bind: 0 }))).toBe('bound\n');
  });

  test('signals and abstract sockets stay inside', () =>
    listening(async () => {
      const self = String(process.pid);
      const connect = `require('net').connect('\\0haco-test-landlock').on('data', (d) => process.stdout.write(d)).on('error', (e) => console.log(e.code))`;
      const hello = async (builder: Builder): Promise<string> =>
        (await orThrow(builder.command(process.execPath, '-e', connect).run())).stdout;
      const signal = async (builder: Builder): Promise<number | null> =>
        (await orThrow(builder.command('/bin/bash', '-c', `kill -0 ${self}`).run())).exitCode;
      expect(await signal(base)).toBe(0);
      expect(await signal(base.landlock({ scopes: 'signal' }))).toBe(1);
      expect(await hello(base.landlock({ scopes: 'signal' }))).toBe('hello\n');
      expect(await hello(base.landlock({ scopes: 'abstract-unix-socket' }))).toBe('EPERM\n');
    }, '\0haco-test-landlock'));

  test('the container can still be ended from outside, also below an init', async () => {
    const scoped = base.landlock({ scopes: ['signal'] }).unshare('pid');
    await using container = await orThrow(scoped.init().command('/bin/sleep', '60').start());
    expect(container.kill('SIGTERM').isOk()).toBe(true);
    expect(await orThrow(container.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGTERM' });
  });
});

describeWith(['root', 'landlock', 'kernel:6.12'], 'a kernel with an older Landlock', () => {
  test.each([1, 2, 3, 4, 5])('ABI %i: what it has is in force, and told as less', async (landlockAbi) => {
    const host = probeHost();
    const confinement = { ...(host.confinement ?? known), landlockAbi };
    const old = haco({ runtime: { ...realRuntime, host: () => ({ ...host, confinement }) } }).noNewPrivileges();
    const rules = { execute: programs, write: join(directory, 'data'), connect: 1, scopes: 'signal' } as const;
    const start = (degrade: boolean) =>
      expectNothingLeft(async () =>
        old
          .landlock({ ...rules, degrade })
          .sh(`cat ${directory}/secret; cat ${directory}/data/file`)
          .run(),
      );
    expect((await start(false))._unsafeUnwrapErr()).toMatchObject({ kind: 'unsupported' });
    const { stdout, stderr, enforced } = orThrow(await start(true));
    expect([stdout, enforced['landlock']]).toEqual([readFileSync(join(directory, 'data/file'), 'utf8'), 'degraded']);
    expect(stderr).toMatch(/secret.*Permission denied/);
  });
});

describeWith(['root', 'landlock', 'seccomp', 'probe'], 'a kernel without Landlock', () => {
  /** What a start says where landlock_create_ruleset(2) is hidden. */
  async function without(rules: string): Promise<string> {
    const program = `
      import { haco } from '@haco/core';
      const result = await haco().noNewPrivileges().landlock(${rules}).command('/bin/echo', 'it ran').run();
      console.log(result.isOk() ? result.value.stdout.trim() + ' ' + result.value.enforced.landlock : result.error.kind);
    `;
    const command = hidingSyscalls({ hide: ['landlock_create_ruleset'], command: nodeWith(program) });
    const { stdout } = await runCommand(command._unsafeUnwrap(), { cwd: import.meta.dirname });
    return stdout.trim();
  }

  test('starts nothing, unless that was allowed', async () => {
    expect(await without("{ read: '/' }")).toBe('unsupported');
    expect(await without("{ read: '/', degrade: true }")).toBe('it ran refused');
  });
});
