/** `checkpoint` and `restore`: a container that counts is saved, and goes on at its number, as a container like any other. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
let images: string;

const slow = { timeout: 120_000 };
const id = `haco-test-saved-${String(process.pid)}`;
const ok = { exitCode: 0, stdout: '', stderr: '' };
const left = { exitCode: 0, stderr: '' };

beforeAll(async () => {
  runtime = await makeRuntime();
  rootfs = await makeRootfs({ shell: true });
  bundle = await makeTemporaryDirectory('oci-saved');
  images = join(bundle, 'images');
}, 60_000);
afterEach(async () => {
  await runtime.call('delete', '--force', id);
  await rm(images, { recursive: true, force: true });
});
afterAll(async () => {
  runtime.remove();
  await rootfs.remove();
  await rm(bundle, { recursive: true });
});

interface Config {
  readonly process: object;
  readonly linux: { readonly namespaces: readonly { readonly type: string }[] };
  readonly mounts: readonly object[];
}

const count = 'i=0; trap "exit 7" TERM; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.02; done';

/** A bundle whose container counts; with everything that `haco-oci spec` has. */
function prepare(change: (config: Config) => object = () => ({})): void {
  const base = defaultConfig(false) as Config;
  const { process, mounts } = base;
  writeConfig(bundle, base, {
    root: { path: rootfs.path, readonly: true },
    process: { ...process, terminal: false, args: ['/bin/sh', '-c', count], env: ['PATH=/bin'] },
    mounts: [...mounts, { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] }],
    ...change(base),
  });
}

interface State {
  readonly status: string;
  readonly pid: number;
}
const state = async (): Promise<State> => JSON.parse((await runtime.call('state', id)).stdout) as State;

const numberOf = async (): Promise<number> => {
  const { pid } = await state();
  return Number(await readFile(`/proc/${String(pid)}/root/tmp/count`, 'utf8').catch(() => '0'));
};

/** It counts beyond a number; the first number above that was seen. */
async function beyond(before: number): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const now = await numberOf();
    if (now > before) return now;
    await sleep(20);
  }
  throw new Error(`it doesn't count beyond ${String(before)}`);
}

async function start(): Promise<void> {
  expect(await runtime.leave('run', '--detach', '--bundle', bundle, id)).toMatchObject(left);
  await beyond(5);
}

const save = (...flags: readonly string[]) => runtime.call('checkpoint', '--image-path', images, ...flags, id);
const restore = (...flags: readonly string[]) =>
  runtime.leave('restore', '--bundle', bundle, '--image-path', images, ...flags, id);

/** What of a process shows how it is shut in. */
function lookAt(pid: number): object {
  const read = (name: string): string => readFileSync(`/proc/${String(pid)}/${name}`, 'utf8');
  const kinds = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'user'];
  const mounts = read('mountinfo')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [, , , root = '', target = '', options = ''] = before.split(' ');
      const [type = ''] = after.split(' ');
      // The order of what lies at one place is seen by what is on top.
      return `${target} ${type} ${target === '/' ? '' : type === 'cgroup' || type === 'cgroup2' ? root : ''} ${options.split(',').sort().join(',')}`;
    });
  return {
    own: kinds.filter(
      (kind) => readlinkSync(`/proc/${String(pid)}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`),
    ),
    status: read('status')
      .split('\n')
      .filter((line) => /^(?:Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|NSpid):?/.test(line))
      .filter((line) => !line.startsWith('NSpid')),
    group: read('cgroup'),
    mounts: mounts.sort(),
    limits: read('limits'),
    environment: read('environ'),
    oom: read('oom_score_adj'),
  };
}

describeWith(['root', 'busybox', 'criu'], 'haco-oci checkpoint and restore', () => {
  test('a container goes on at its number, shut in as before, and is one like any other', slow, async () => {
    prepare();
    await expectNothingLeft(async () => {
      await start();
      const before = lookAt((await state()).pid);
      const number = await numberOf();
      expect(await save()).toEqual(expect.objectContaining(ok));
      expect(await state()).toMatchObject({ status: 'stopped', pid: 0 });

      const pidFile = join(bundle, 'pid');
      expect(await restore('--detach', '--pid-file', pidFile)).toMatchObject(left);
      const { status, pid } = await state();
      expect({ status, pid }).toEqual({ status: 'running', pid: Number(await readFile(pidFile, 'utf8')) });
      const now = await numberOf();
      expect(now).toBeGreaterThanOrEqual(number);
      await beyond(now);
      expect(lookAt(pid)).toEqual(before);

      expect((await runtime.call('exec', id, '/bin/cat', '/proc/1/comm')).stdout).toBe('sh\n');
      expect((await runtime.call('delete', id)).stderr).toContain('cannot delete container that is not stopped');
      expect(await runtime.call('pause', id)).toMatchObject(ok);
      expect(await runtime.call('resume', id)).toMatchObject(ok);
      expect(await runtime.call('kill', id, 'KILL')).toMatchObject(ok);
      await expect.poll(async () => (await state()).status).toBe('stopped');
      expect(await runtime.call('delete', id)).toMatchObject(ok);
      await rm(images, { recursive: true });
      await rm(pidFile);
    });
  });

  test('in the foreground its exit code is told, and nothing is left of it', slow, async () => {
    prepare();
    await expectNothingLeft(async () => {
      for (const [signal, code] of [
        ['TERM', 7],
        ['KILL', 137],
      ] as const) {
        await start();
        expect(await save()).toMatchObject(ok);
        const restored = restore();
        await expect.poll(async () => (await runtime.call('state', id)).stdout).toContain('"running"');
        await beyond(await numberOf());
        expect(await runtime.call('kill', id, signal)).toMatchObject(ok);
        expect(await restored).toMatchObject({ exitCode: code, stderr: '' });
        expect((await runtime.call('state', id)).stderr).toContain('does not exist');
        await rm(images, { recursive: true });
      }
    });
  });

  test('it may go on, paused or not, and its copy lives beside it; its id is taken until then', slow, async () => {
    prepare();
    const copy = `${id}-copy`;
    await expectNothingLeft(async () => {
      await start();
      expect(await save('--leave-running')).toMatchObject(ok);
      await beyond(await numberOf());
      const taken = await restore('--detach');
      expect(taken).toMatchObject({ exitCode: 1 });
      expect(taken.stderr).toContain('container with given ID already exists');
      expect(await runtime.leave('restore', '-d', '--bundle', bundle, '--image-path', images, copy)).toMatchObject(
        left,
      );
      expect((await runtime.call('exec', copy, '/bin/cat', '/proc/1/comm')).stdout).toBe('sh\n');
      expect(await runtime.call('delete', '--force', copy)).toMatchObject(ok);
      await rm(images, { recursive: true });

      expect(await runtime.call('pause', id)).toMatchObject(ok);
      expect(await save('--leave-running')).toMatchObject(ok);
      expect(await state()).toMatchObject({ status: 'paused' });
      await rm(images, { recursive: true });
      expect(await save()).toMatchObject(ok);
      expect(await state()).toMatchObject({ status: 'stopped' });
      expect(await restore('--detach')).toMatchObject(left);
      await beyond(await numberOf());
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
      await rm(images, { recursive: true });
    });
  });

  test('what exec has sent in is not saved, and does no harm', slow, async () => {
    prepare();
    await expectNothingLeft(async () => {
      await start();
      expect((await runtime.leave('exec', '--detach', id, '/bin/sleep', '1000')).exitCode).toBe(0);
      expect(await save()).toMatchObject(ok);
      expect(await restore('--detach')).toMatchObject(left);
      await beyond(await numberOf());
      expect((await runtime.call('ps', '--format', 'json', id)).stdout).not.toContain('1000');
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
      await rm(images, { recursive: true });
    });
  });

  test('its streams are those of the restore, and nothing that it says is lost', slow, async () => {
    const said = 'i=0; trap "exit 3" TERM; while :; do i=$((i+1)); echo $i; echo $i >/tmp/count; sleep 0.02; done';
    prepare(({ process }) => ({
      process: { ...process, terminal: false, args: ['/bin/sh', '-c', said], env: ['PATH=/bin'] },
    }));
    const piped = (out: string, ...args: readonly string[]) =>
      runCommand([
        '/bin/sh',
        '-c',
        'out=$1; shift; "$@" </dev/null 2>&1 | cat >"$out"',
        'sh',
        out,
        runtime.path,
        ...args,
      ]);
    const [first, second] = [join(bundle, 'first'), join(bundle, 'second')];
    await expectNothingLeft(async () => {
      const begun = piped(first, 'run', '--bundle', bundle, id);
      await expect.poll(async () => (await runtime.call('state', id)).stdout).toContain('"running"');
      await beyond(5);
      expect(await save('--leave-running')).toMatchObject(ok);
      await rm(images, { recursive: true });
      expect(await save()).toMatchObject(ok);
      await begun;
      const restored = piped(second, 'restore', '--bundle', bundle, '--image-path', images, id);
      await expect.poll(async () => (await runtime.call('state', id)).stdout).toContain('"running"');
      await beyond(await numberOf());
      expect(await runtime.call('kill', id, 'TERM')).toMatchObject(ok);
      await restored;
      const numbers = (await Promise.all([first, second].map((path) => readFile(path, 'utf8'))))
        .join('')
        .trim()
        .split('\n');
      expect(numbers.map(Number)).toEqual(numbers.map((_, index) => index + 1));
      for (const path of [first, second, images]) await rm(path, { recursive: true });
    });
  });

  test('hooks of the host run in its groups, and once it is gone', slow, async () => {
    const out = join(bundle, 'hooks');
    const hook = (moment: string) => ({
      path: '/bin/sh',
      args: ['sh', '-c', `read -r state; echo "${moment} $(echo "$state" | grep -o '"status":"[a-z]*"')" >>${out}`],
    });
    const moments = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'];
    prepare();
    await expectNothingLeft(async () => {
      await start();
      expect(await save()).toMatchObject(ok);
      expect(await runtime.call('delete', id)).toMatchObject(ok);
      prepare(() => ({ hooks: Object.fromEntries(moments.map((moment) => [moment, [hook(moment)]])) }));
      expect(await restore('--detach')).toMatchObject(left);
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
      expect(await readFile(out, 'utf8')).toBe(
        'prestart "status":"creating"\ncreateRuntime "status":"creating"\npoststart "status":"running"\npoststop "status":"stopped"\n',
      );
      await rm(out);
      await rm(images, { recursive: true });
    });
  });

  test('what CRIU fails at is told from its log, and nothing is left', slow, async () => {
    prepare();
    const log = join(bundle, 'log.json');
    const logged = async (): Promise<string> =>
      (JSON.parse((await readFile(log, 'utf8')).trim()) as { readonly msg: string }).msg;
    const work = join(bundle, 'work');
    await expectNothingLeft(async () => {
      await start();
      const args = ['--log', log, '--log-format', 'json', 'checkpoint', '--image-path', images, '--parent-path'];
      expect(await runtime.call(...args, '../none', id)).toMatchObject({ exitCode: 1 });
      expect(await logged()).toBe(
        `The spec is invalid: --parent-path: ${JSON.stringify(join(bundle, 'none'))} is no directory.`,
      );
      expect(existsSync(images)).toBe(false);
      await rm(log);
      expect(await save()).toMatchObject(ok);
      expect(await runtime.call('delete', id)).toMatchObject(ok);

      await rm(join(images, 'pages-1.img'));
      const before = readdirSync(images).sort();
      const broken = ['restore', '--detach', '--bundle', bundle, '--image-path', images, '--work-path', work];
      const failed = await runtime.leave('--log', log, '--log-format', 'json', ...broken, id);
      expect(failed.exitCode).toBe(1);
      expect(await logged()).toMatch(
        /^The command ".* restore" exited with code 1; its last words: Can't read async pr bytes/,
      );
      expect(failed.stderr).toBe(`haco-oci: ${await logged()}\n`);
      // The log of CRIU is where the engine wants it, and nowhere else.
      expect(readdirSync(work)).toContain('restore.log');
      expect(readdirSync(images).sort()).toEqual(before);
      expect((await runtime.call('state', id)).stderr).toContain('does not exist');
      for (const path of [log, work, images]) await rm(path, { recursive: true });
    });
  });

  test('what ends in the middle of a restore leaves no process', slow, async () => {
    prepare();
    await expectNothingLeft(async () => {
      await start();
      expect(await save()).toMatchObject(ok);
      expect(await runtime.call('delete', id)).toMatchObject(ok);
      const hook = { path: '/bin/sh', args: ['sh', '-c', 'echo no >&2; exit 1'] };
      prepare(() => ({ hooks: { createRuntime: [hook] } }));
      const { exitCode, stderr } = await restore('--detach');
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: expect.stringContaining('it exited with code 1: no') as string,
      });
      // One that asks for more than was saved.
      await rm(images, { recursive: true });
      prepare(({ linux }) => ({
        linux: { ...linux, namespaces: linux.namespaces.filter(({ type }) => type !== 'ipc') },
        mounts: [
          { destination: '/proc', type: 'proc', source: 'proc' },
          { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
        ],
      }));
      await start();
      expect(await save()).toMatchObject(ok);
      prepare();
      expect((await restore('--detach')).stderr).toContain(
        'the checkpoint is one of a container that had no ipc namespace of its own',
      );
      await rm(images, { recursive: true });
    });
  });
});

describeWith(['root', 'busybox', 'criu', 'python-pty'], 'haco-oci checkpoint and restore, in a terminal', () => {
  test('a session that began outside goes on in another one, with --shell-job', slow, async () => {
    prepare();
    const inTerminal = (...args: readonly string[]) =>
      runCommand(['python3', '-c', 'import pty, sys; pty.spawn(sys.argv[1:])', runtime.path, ...args]);
    await expectNothingLeft(async () => {
      const begun = inTerminal('run', '--bundle', bundle, id);
      await expect.poll(async () => (await runtime.call('state', id)).stdout).toContain('"running"');
      await beyond(2);
      expect((await save()).stderr).toContain('(it uses a terminal of the host)');
      expect(existsSync(images)).toBe(false);
      await beyond(await numberOf());
      expect(await save('--shell-job')).toMatchObject(ok);
      await begun;
      const flags = ['--shell-job', '--bundle', bundle, '--image-path', images];
      const restored = inTerminal('restore', ...flags, id);
      await expect.poll(async () => (await runtime.call('state', id)).stdout).toContain('"running"');
      await beyond(await numberOf());
      expect(await runtime.call('kill', id, 'KILL')).toMatchObject(ok);
      await restored;
      await rm(images, { recursive: true });
    });
  });
});

describeWith(['root', 'busybox', 'criu', 'tool:runc'], 'haco-oci checkpoint and restore, beside runc', () => {
  test('every step ends in the same way', slow, async () => {
    const criu = process.env['HACO_CRIU'] ?? '';
    const env = {
      ...process.env,
      PATH: `${criu.includes('/') ? `${dirname(criu)}:` : ''}${process.env['PATH'] ?? ''}`,
    };
    prepare(({ process: own, mounts, linux }) => ({
      ociVersion: '1.0.2',
      process: { ...own, terminal: false, args: ['/bin/sh', '-c', count], env: ['PATH=/bin'], rlimits: [] },
      mounts: [...mounts, { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] }],
      linux: { ...linux, cgroupsPath: `/${id}` },
    }));
    const script = [
      'r="$1"; id="$2"; bundle="$3"; images="$4"; pid() { $r state "$id" | sed -n \'s/.*"pid": \\([0-9]*\\).*/\\1/p\'; }',
      'number() { cat "/proc/$(pid)/root/tmp/count"; }',
      '$r run -d --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1; echo "run $?"; sleep 0.5',
      '$r checkpoint --image-path "$images" --work-path "$bundle/work" "$id"; echo "checkpoint $?"',
      '$r restore -d --bundle "$bundle" --image-path "$images" --work-path "$bundle/work" --pid-file "$bundle/pid" "$id" </dev/null >/dev/null 2>&1; echo "restore $?"',
      'a=$(number); sleep 0.3; b=$(number); test "$b" -gt "$a" && test "$a" -gt 5 && echo counts; test "$(cat "$bundle/pid")" = "$(pid)" && echo pid',
      '$r state "$id" | grep status; $r exec "$id" /bin/cat /proc/1/comm; cat /proc/$(pid)/cgroup | sort',
      '$r checkpoint --leave-running --image-path "$images" "$id"; echo "again $?"; $r state "$id" | grep status',
      '$r kill "$id" KILL; sleep 0.5; $r delete "$id"; echo "delete $?"; $r state "$id" >/dev/null 2>&1; echo "state $?"',
      'rm -r "$images" "$bundle/work" "$bundle/pid"',
    ].join('\n');
    const said: string[] = [];
    await expectNothingLeft(async () => {
      for (const program of [`runc --root ${join(bundle, 'runc')}`, runtime.path]) {
        const { stdout, stderr } = await runCommand(['/bin/sh', '-c', script, 'sh', program, id, bundle, images], {
          env,
        });
        said.push(stdout + stderr);
      }
      await rm(join(bundle, 'runc'), { recursive: true });
    });
    expect(said[0]).toContain('checkpoint 0\nrestore 0\ncounts\npid\n');
    expect(said[1]).toBe(said[0]);
  });
});

describeWith(['root', 'busybox'], 'haco-oci checkpoint and restore without CRIU', () => {
  test('say how to get it, and leave everything as it was', slow, async () => {
    prepare();
    const log = join(bundle, 'log');
    const missing =
      'Could not start "/none/criu": the program isn\'t installed; install it with "apt-get install criu".';
    await expectNothingLeft(async () => {
      await start();
      const flags = ['--criu', '/none/criu', '--log', log];
      expect(await runtime.call(...flags, 'checkpoint', '--image-path', images, id)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: `haco-oci: ${missing}\n`,
      });
      expect(await readFile(log, 'utf8')).toContain(`level=error msg=${JSON.stringify(missing)}`);
      expect(existsSync(images)).toBe(false);
      expect(await state()).toMatchObject({ status: 'running' });
      const restored = ['restore', '--bundle', bundle, '--image-path', images, `${id}-2`];
      expect(await runtime.call(...flags, ...restored)).toMatchObject({
        exitCode: 1,
        stderr: `haco-oci: ${missing}\n`,
      });
      await rm(log);
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
    });
  });

  test('refuse what can neither be saved nor restored', slow, async () => {
    await expectNothingLeft(async () => {
      prepare();
      await start();
      const refused = async (...flags: readonly string[]): Promise<string> => (await save(...flags)).stderr;
      expect(await refused('--lazy-pages')).toBe(
        'haco-oci: haco-oci has no --lazy-pages: pages are written to files, and read from there at once; leave it out.\n',
      );
      expect(await refused('--manage-cgroups-mode', 'soft')).toContain('"soft" is no mode of haco-oci');
      expect(existsSync(images)).toBe(false);
      expect(await runtime.call('delete', '--force', id)).toMatchObject(ok);
    });
  });
});
