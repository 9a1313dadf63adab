/** The life of a container of the runtime, as engines lead it: from `create` to `delete`, call by call. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, startTimeOf } from '@haco/core';
import {
  describeWith,
  expectNothingLeft,
  makeRootfs,
  makeTemporaryDirectory,
  runCommand,
  type TestRootfs,
} from '@haco/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { defaultConfig } from './commands/spec.js';
import { makeRuntime, writeConfig, type TestRuntime } from './testing.js';

let runtime: TestRuntime;
let rootfs: TestRootfs;
let bundle: string;
let count = 0;

beforeAll(async () => {
  runtime = await makeRuntime();
  rootfs = await makeRootfs({ shell: true });
  bundle = await makeTemporaryDirectory('oci-bundle');
});
// What a test that failed has left must not fail the others.
afterEach(() => runtime.deleteAll());
afterAll(async () => {
  runtime.remove();
  await rootfs.remove();
  await rm(bundle, { recursive: true });
});

interface Json {
  readonly process: object;
  readonly linux: object;
  readonly root: object;
}

const base = (): Json => defaultConfig(false) as Json;

/** The configuration of a command. */
function config(
  args: readonly string[],
  { process = {}, ...changes }: { process?: object; [field: string]: unknown } = {},
): object {
  const { process: own } = base();
  return {
    root: { path: rootfs.path, readonly: true },
    process: { ...own, terminal: false, args, env: ['PATH=/bin'], ...process },
    ...changes,
  };
}

function prepare(args: readonly string[], changes: { process?: object; [field: string]: unknown } = {}): string {
  writeConfig(bundle, base(), config(args, changes));
  count += 1;
  return `test-${String(process.pid)}-${String(count)}`;
}

const ok = { exitCode: 0, stderr: '' };
const groupsOf = (id: string): readonly string[] =>
  readdirSync('/sys/fs/cgroup').filter((hierarchy) => {
    try {
      return readdirSync(join('/sys/fs/cgroup', hierarchy, id)).length > 0;
    } catch {
      return false;
    }
  });

async function statusOf(id: string): Promise<string> {
  const { stdout } = await runtime.call('state', id);
  return (JSON.parse(stdout) as { readonly status: string }).status;
}

async function until(id: string, status: string): Promise<void> {
  await expect.poll(() => statusOf(id)).toBe(status);
}

const cpuIdleOf = (id: string): string => {
  const v1 = join('/sys/fs/cgroup/cpu', id, 'cpu.idle');
  return existsSync(v1) ? v1 : join('/sys/fs/cgroup', id, 'cpu.idle');
};

describeWith(['root', 'busybox', 'probe'], 'haco-oci', () => {
  test(
    "a container waits between create and start, without Node, and its exit code is its parent's to know",
    { timeout: 90_000 },
    async () => {
      await expectNothingLeft(async () => {
        const id = prepare(['/bin/sh', '-c', 'echo hello > /tmp/said; sleep 60'], {
          mounts: [
            { destination: '/proc', type: 'proc', source: 'proc' },
            { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] },
          ],
        });
        const pidFile = join(bundle, 'pid');
        expect(await runtime.leave('create', '--bundle', bundle, '--pid-file', pidFile, id)).toMatchObject(ok);
        const pid = Number(await readFile(pidFile, 'utf8'));
        const state = JSON.parse((await runtime.call('state', id)).stdout) as Record<string, unknown>;
        expect(state).toMatchObject({ ociVersion: '1.2.0', id, status: 'created', pid, bundle, rootfs: rootfs.path });
        // Its own process, waiting in the launcher; no Node beside it.
        expect(readFileSync(`/proc/${String(pid)}/comm`, 'utf8')).toBe('haco-init\n');
        expect(
          readdirSync(`/proc/${String(pid)}/fd`)
            .map(Number)
            .sort((a, b) => a - b),
        ).toEqual([0, 1, 2, 3, 4, 5]);
        expect(await runtime.call('start', id)).toMatchObject(ok);
        await expect.poll(async () => (await runtime.call('exec', id, '/bin/cat', '/tmp/said')).stdout).toBe('hello\n');
        expect(await statusOf(id)).toBe('running');
        const again = await runtime.call('start', id);
        expect(again).toMatchObject({
          exitCode: 1,
          stderr:
            "haco-oci: Can't start a container while it is running; only one that was created and never started can be started.\n",
        });
        const refused = await runtime.call('delete', id);
        expect(refused.stderr).toBe(
          "haco-oci: Can't delete the container while it is running, cannot delete container that is not stopped; kill it first, or use --force.\n",
        );
        expect(await runtime.call('kill', id, 'KILL')).toMatchObject(ok);
        await until(id, 'stopped');
        expect((await runtime.call('kill', id, '9')).stderr).toContain('container not running');
        expect(await runtime.call('delete', id)).toMatchObject(ok);
        expect((await runtime.call('state', id)).stderr).toBe(
          `haco-oci: There is no container "${id}"; the container does not exist below ${runtime.root}.\n`,
        );
        expect(groupsOf(id)).toEqual([]);
      });
    },
  );

  test('of two creates with one id, one makes it', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const id = prepare(['/bin/sleep', '60']);
      const log = join(bundle, 'conflict.log');
      const both = await Promise.all([1, 2].map(() => runtime.leave('--log', log, 'create', '--bundle', bundle, id)));
      expect(both.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
      expect(await readFile(log, 'utf8')).toContain(
        JSON.stringify(
          `The container id "${id}" is already in use; container with given ID already exists, delete it first or choose another id.`,
        ).slice(1, -1),
      );
      expect(await statusOf(id)).toBe('created');
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
    });
  });

  test('a limit too low even for the start leaves no group behind', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const linux = { ...base().linux, resources: { memory: { limit: 4096 } } };
      const id = prepare(['/bin/true'], { linux });
      for (const command of ['create', 'run']) {
        const { exitCode, stderr } = await runtime.call(command, '--bundle', bundle, id);
        expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
        // And not that its group is there already.
        expect(stderr).toContain('for want of memory; if it has a memory limit, raise that.');
        expect(groupsOf(id)).toEqual([]);
      }
    });
  });

  test('run gives the output and the exit code of the command, and leaves nothing', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const id = prepare(['/bin/sh', '-c', 'echo out; echo err >&2; exit 7']);
      expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({
        exitCode: 7,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      const killed = prepare(['/bin/sh', '-c', 'kill -9 $$'], {
        linux: { ...base().linux, namespaces: ['mount', 'network', 'ipc', 'uts'].map((type) => ({ type })) },
      });
      expect(await runtime.call('run', '--bundle', bundle, killed)).toMatchObject({ exitCode: 137 });
    });
  });

  /** The runtime with descriptors 3 (written to `out`) and 4 (text to read), as a shell opens them; what it says itself goes nowhere. */
  const withDescriptors = (out: string, ...args: readonly string[]) => {
    const script = [
      'out=$1; shift; exec 3>"$out" 4<<END',
      'handed on',
      'END',
      'exec "$@" </dev/null >/dev/null 2>&1',
    ].join('\n');
    return runCommand(['/bin/sh', '-c', script, 'sh', out, runtime.path, ...args]);
  };

  test('descriptors are handed on to run, create and exec, and no others', { timeout: 90_000 }, async () => {
    await expectNothingLeft(async () => {
      const out = join(bundle, 'out');
      // What lists them has the directory open itself, as the next number.
      const script = 'cat <&4 >&3; echo $(ls /proc/self/fd) >&3';
      const heard = 'handed on\n0 1 2 3 4 5\n';
      const id = prepare(['/bin/sh', '-c', script]);
      expect(await withDescriptors(out, 'run', '--preserve-fds', '2', '-b', bundle, id)).toMatchObject({ exitCode: 0 });
      expect(await readFile(out, 'utf8')).toBe(heard);

      const created = prepare(['/bin/sh', '-c', script]);
      expect(await withDescriptors(out, 'create', '--preserve-fds=2', '-b', bundle, created)).toMatchObject({
        exitCode: 0,
      });
      expect(await runtime.call('start', created)).toMatchObject(ok);
      await until(created, 'stopped');
      expect(await readFile(out, 'utf8')).toBe(heard);
      expect(await runtime.call('delete', created)).toMatchObject(ok);

      const living = prepare(['/bin/sleep', '60']);
      expect((await runtime.leave('run', '-d', '-b', bundle, living)).exitCode).toBe(0);
      const exec = ['exec', '--preserve-fds', '2', living, 'sh', '-c', script];
      expect(await withDescriptors(out, ...exec)).toMatchObject({ exitCode: 0 });
      expect(await readFile(out, 'utf8')).toBe(heard);
      expect(await runtime.call('exec', living, 'sh', '-c', 'echo $(ls /proc/self/fd)')).toMatchObject({
        stdout: '0 1 2 3\n',
      });
      expect((await runtime.call('exec', '--preserve-fds', '3', living, 'true')).stderr).toMatch(
        /descriptor \d+ of 3 is not open; open it, or hand on fewer/,
      );
      expect(await runtime.call('delete', '--force', living)).toMatchObject(ok);
    });
  });

  test(
    'a command that is missing is told by create, in the words that engines look for',
    { timeout: 60_000 },
    async () => {
      await expectNothingLeft(async () => {
        const log = join(bundle, 'log');
        const id = prepare(['nonesuch']);
        const missing = await runtime.call('--log', log, '--log-format', 'json', 'create', '--bundle', bundle, id);
        const sentence =
          'There is no command "nonesuch"; executable file not found in $PATH (ENOENT); give its path as seen inside, or install it there.';
        expect(missing).toMatchObject({ exitCode: 1, stderr: `haco-oci: ${sentence}\n` });
        expect(JSON.parse(await readFile(log, 'utf8'))).toMatchObject({ level: 'error', msg: sentence });
        await writeFile(join(rootfs.path, 'data.txt'), 'no program');
        const other = prepare(['/data.txt']);
        expect((await runtime.call('create', '--bundle', bundle, other)).stderr).toContain(
          'permission denied (EACCES)',
        );
        expect(groupsOf(id)).toEqual([]);
        expect(readdirSync(runtime.root).filter((name) => !name.startsWith('.'))).toEqual([]);
      });
    },
  );

  test('what only the exec itself finds out is told by start', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      await writeFile(join(rootfs.path, 'garbage'), 'neither a script nor a program', { mode: 0o755 });
      const id = prepare(['/garbage']);
      expect(await runtime.leave('create', '--bundle', bundle, id)).toMatchObject(ok);
      const { exitCode, stderr } = await runtime.call('start', id);
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(/^haco-oci: Could not execute \/garbage .*failed with ENOEXEC/),
      ]);
      expect(await statusOf(id)).toBe('stopped');
      expect(await runtime.call('delete', id)).toMatchObject(ok);
    });
  });

  test('further processes are where the container is, with what differs for them', { timeout: 90_000 }, async () => {
    await expectNothingLeft(async () => {
      const id = prepare(['/bin/sleep', '60'], { linux: { ...base().linux, resources: { pids: { limit: 20 } } } });
      expect((await runtime.leave('run', '-d', '-b', bundle, id)).exitCode).toBe(0);
      const script = 'id -u; pwd; echo $A; hostname; cat /proc/self/cgroup | cut -d: -f3 | sort -u';
      const inside = await runtime.call(
        'exec',
        '--user',
        '5:6',
        '--cwd',
        '/bin',
        '--env',
        'A=b',
        id,
        'sh',
        '-c',
        script,
      );
      expect(inside.stdout.split('\n').slice(0, 4)).toEqual(['5', '/bin', 'b', 'haco']);
      expect(await runtime.call('exec', id, 'sh', '-c', 'exit 3')).toMatchObject({ exitCode: 3 });
      expect(await runtime.call('exec', id, 'nonesuch')).toMatchObject({ exitCode: 255 });
      const file = join(bundle, 'process.json');
      await writeFile(
        file,
        JSON.stringify({ args: ['/bin/sleep', '50'], cwd: '/', user: { uid: 7, gid: 7 }, env: [] }),
      );
      const pidFile = join(bundle, 'exec-pid');
      expect((await runtime.leave('exec', '-d', '--process', file, '--pid-file', pidFile, id)).exitCode).toBe(0);
      const pid = Number(await readFile(pidFile, 'utf8'));
      expect(isAlive({ pid, startTime: startTimeOf(pid) ?? 0 })).toBe(true);
      const pids = JSON.parse((await runtime.call('ps', '--format', 'json', id)).stdout) as number[];
      expect(pids).toHaveLength(2);
      expect(pids).toContain(pid);
      const list = JSON.parse((await runtime.call('list', '--format', 'json')).stdout) as { id: string }[];
      expect(list.map((one) => one.id)).toEqual([id]);
      expect((await runtime.call('pause', id)).exitCode).toBe(0);
      expect(await statusOf(id)).toBe('paused');
      expect((await runtime.call('exec', id, 'true')).stderr).toContain('while it is paused');
      expect((await runtime.call('resume', id)).exitCode).toBe(0);
      expect((await runtime.call('update', '--pids-limit', '9', id)).exitCode).toBe(0);
      const event = JSON.parse((await runtime.call('events', '--stats', id)).stdout) as { data: { pids: object } };
      expect(event.data.pids).toEqual({ current: 2, limit: 9 });
      for (const idle of ['1', '0']) {
        expect(await runtime.call('update', '--cpu-idle', idle, id)).toMatchObject(ok);
        expect(await readFile(cpuIdleOf(id), 'utf8')).toBe(`${idle}\n`);
      }
      // Paused, and with more than one process: all of it goes.
      expect((await runtime.call('pause', id)).exitCode).toBe(0);
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
      expect(isAlive({ pid, startTime: startTimeOf(pid) ?? 0 })).toBe(false);
    });
  });

  test(
    'hooks run in their order with the state on stdin, and one that fails undoes the creation',
    { timeout: 90_000 },
    async () => {
      await expectNothingLeft(async () => {
        const said = join(bundle, 'said');
        const say = (word: string) => ({
          path: '/bin/sh',
          args: ['sh', '-c', `echo ${word} $(grep -o '"status":"[a-z]*"') >> ${said}`],
        });
        const hooks = Object.fromEntries(
          ['prestart', 'createRuntime', 'poststart', 'poststop'].map((moment) => [moment, [say(moment)]]),
        );
        const id = prepare(['/bin/true'], { hooks });
        expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({ exitCode: 0 });
        expect((await readFile(said, 'utf8')).split('\n')).toEqual([
          'prestart "status":"creating"',
          'createRuntime "status":"creating"',
          'poststart "status":"running"',
          'poststop "status":"stopped"',
          '',
        ]);
        const failing = prepare(['/bin/true'], {
          hooks: { prestart: [{ path: '/bin/sh', args: ['sh', '-c', 'echo no >&2; exit 4'] }] },
        });
        expect((await runtime.call('create', '--bundle', bundle, failing)).stderr).toBe(
          'haco-oci: The prestart "/bin/sh" hook failed: it exited with code 4: no; mend the hook or remove it.\n',
        );
        const slow = prepare(['/bin/true'], {
          hooks: { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '60'], timeout: 1 }] },
        });
        expect((await runtime.call('create', '--bundle', bundle, slow)).stderr).toContain(
          'Waited 1000 ms for the createRuntime hook',
        );
        expect([...groupsOf(failing), ...groupsOf(slow)]).toEqual([]);
      });
    },
  );

  test('mount points, devices and settings are made', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const devices = [{ path: '/dev/net/tun', type: 'c', major: 10, minor: 200, fileMode: 0o600, uid: 5, gid: 6 }];
      const { mounts } = defaultConfig(false) as { readonly mounts: readonly object[] };
      const script =
        'ls -ln /dev/net/tun; ls /dev | tr "\\n" " "; grep -c " /made/here tmpfs " /proc/mounts; cat /proc/sys/net/ipv4/ip_forward';
      const id = prepare(['/bin/sh', '-c', script.replace('tr "\\n" " "', 'cat')], {
        mounts: [...mounts, { destination: '/made/here', type: 'tmpfs', source: 'tmpfs' }],
        linux: { ...base().linux, devices, sysctl: { 'net.ipv4.ip_forward': '1' } },
      });
      const { stdout, stderr } = await runtime.call('run', '--bundle', bundle, id);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^crw-------\s+1\s+5\s+6\s+10, 200/);
      const names = 'fd full mqueue net null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ');
      expect(stdout.trim().split('\n').slice(1)).toEqual([...names, '1', '1']);
    });
  });

  test('a label for mounts is refused where nothing would keep to it', { timeout: 60_000 }, async () => {
    if (existsSync('/sys/fs/selinux/enforce')) return;
    await expectNothingLeft(async () => {
      const mountLabel = 'system_u:object_r:container_file_t:s0:c1,c2';
      const id = prepare(['/bin/true'], { linux: { ...base().linux, mountLabel } });
      expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({
        exitCode: 1,
        stderr: `haco-oci: linux.mountLabel is "${mountLabel}", but this host doesn't run SELinux: the mounts would go without it; remove the field, or use a host where "ls /sys/fs/selinux" shows a policy.\n`,
      });
    });
  });

  test('capabilities that it cannot give are left out, with a warning', { timeout: 60_000 }, async () => {
    const names = ['CAP_CHOWN', 'CAP_SYS_TIME'];
    const capabilities = { bounding: names, effective: names, permitted: names };
    const id = prepare(['/bin/sh', '-c', 'grep ^Cap[EPB] /proc/self/status'], { process: { capabilities } });
    const fewer = ['setpriv', '--bounding-set', '-sys_time', runtime.path];
    const finished = await expectNothingLeft(() => runCommand([...fewer, 'run', '--bundle', bundle, id]));
    const set = '0000000000000001';
    expect(finished).toMatchObject({
      exitCode: 0,
      stdout: `CapPrm:\t${set}\nCapEff:\t${set}\nCapBnd:\t${set}\n`,
      stderr: "haco-oci: capabilities that haco-oci doesn't hold itself are left out: CAP_SYS_TIME\n",
    });
    const log = join(bundle, 'warnings');
    const logged = [...fewer, '--log', log, '--log-format', 'json', 'run', '--bundle', bundle, id];
    expect(await runCommand(logged)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({
      level: 'warning',
      msg: expect.stringContaining('CAP_SYS_TIME') as string,
    });
  });

  test('a filter that hands calls to an agent is refused in one sentence', { timeout: 60_000 }, async () => {
    const seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: '/run/agent.sock',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const id = prepare(['/bin/true'], { linux: { ...base().linux, seccomp } });
    expect(await expectNothingLeft(() => runtime.call('run', '--bundle', bundle, id))).toMatchObject({
      exitCode: 1,
      stderr:
        "haco-oci: The spec is invalid: linux.seccomp.syscalls[0].action: is SCMP_ACT_NOTIFY, which hands calls to an agent outside, which haco doesn't do; give them another action, or let functions of Node answer them with onSyscall(name, handler).\n",
    });
  });

  test('a link of the root leads nowhere outside', { timeout: 60_000 }, async () => {
    const outside = await makeTemporaryDirectory('oci-outside');
    await expectNothingLeft(async () => {
      await symlink(outside, join(rootfs.path, 'way-out'));
      const { mounts } = defaultConfig(false) as { readonly mounts: readonly object[] };
      const id = prepare(['/bin/true'], {
        mounts: [...mounts, { destination: '/way-out/made', type: 'tmpfs', source: 'tmpfs' }],
      });
      expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('openat2(<root>, "way-out"') as string,
      });
      expect(readdirSync(outside)).toEqual([]);
    });
    await rm(outside, { recursive: true });
    await rm(join(rootfs.path, 'way-out'));
  });

  test.each([
    [
      'no configuration',
      undefined,
      /There is no configuration ".*config\.json"; a bundle is a directory with a config\.json/,
    ],
    ['a configuration that is none', '{', /^haco-oci: The spec is invalid: .*config\.json is not JSON/],
    [
      'a namespace twice',
      { linux: { namespaces: [{ type: 'pid' }, { type: 'pid' }] } },
      /linux\.namespaces\[1\]: pid is there twice/,
    ],
    ['an unknown capability', { process: { capabilities: { bounding: ['CAP_X'] } } }, /"CAP_X" is no capability/],
    [
      'a way up in the path of its groups',
      { linux: { cgroupsPath: '/a/../../b' } },
      /linux\.cgroupsPath: "\/a\/\.\.\/\.\.\/b" contains "\.\."/,
    ],
    [
      'a setting of the whole machine',
      { linux: { sysctl: { 'kernel.panic': '1' } } },
      /"kernel\.panic" is a setting of the whole machine/,
    ],
    // Specification 1.3.
    ['a network device to move', { linux: { netDevices: { eth0: {} } } }, /linux\.netDevices: haco has no word for it/],
    [
      'a policy for the memory of nodes',
      { linux: { memoryPolicy: { mode: 'MPOL_BIND', nodes: '0' } } },
      /linux\.memoryPolicy: haco has no word for it/,
    ],
    [
      'a terminal that nobody takes',
      { process: { terminal: true } },
      /cannot allocate tty if detaching without a console socket/,
    ],
  ])('refuses %s, and leaves nothing', { timeout: 60_000 }, async (_what, given, sentence) => {
    await expectNothingLeft(async () => {
      const id = prepare(['/bin/true'], typeof given === 'object' ? given : {});
      if (given === undefined) await rm(join(bundle, 'config.json'));
      if (typeof given === 'string') await writeFile(join(bundle, 'config.json'), given);
      const { exitCode, stderr } = await runtime.call('create', '--bundle', bundle, id);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(sentence)]);
      expect(groupsOf(id)).toEqual([]);
      expect(readdirSync(runtime.root).filter((name) => !name.startsWith('.'))).toEqual([]);
    });
  });

  test('on another system, says so in a sentence', async () => {
    const pretend = `data:text/javascript,Object.defineProperties(process,{platform:{value:'darwin'},arch:{value:'arm64'}})`;
    const [node = '', program = ''] = runtime.program;
    for (const command of ['run', 'create']) {
      const id = prepare(['/bin/true']);
      const words = ['--import', pretend, program, '--root', runtime.root, command, '--bundle', bundle, id];
      expect(await runCommand([node, ...words])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(
          /^haco-oci: haco starts containers on Linux on x64 or arm64, and this is darwin on arm64; [^\n]*\.\n$/,
        ),
      });
    }
  });

  test('ids lead nowhere else', async () => {
    await mkdir(join(bundle, 'x'), { recursive: true });
    for (const id of ['..', '.', 'a/b', '../x', '', 'a b']) {
      const { exitCode, stderr } = await runtime.call('delete', '--force', '--', id);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('is no id of a container')]);
    }
  });
});
