/** podman of an ordinary user with haco-oci as its runtime: which is root of podman's user namespace then, and owns no group. */
import { chownSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  describeWith,
  expectNothingLeft,
  grantedUser,
  grantNeeds,
  makeRootfs,
  makeTemporaryDirectory,
  readMounts,
  runCommand,
  withGrant,
  type Finished,
  type TestRootfs,
} from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePodman, podmanImage, podmanNeeds, type Podman } from './podman.js';
import { makeRuntime, writeConfig, type TestRuntime } from '../testing.js';

/** For users and groups: what the first ones of the container's are outside, behind the user. */
const first = 300_000;
const grant = `${grantedUser}:${String(first)}:65536\n`;

let runtime: TestRuntime;
let rootfs: TestRootfs;
let directory: string;
let podman: Podman;

const state = (): string => join(directory, 'run/haco-oci');
const wrap = (command: readonly string[]): readonly string[] =>
  withGrant(command, { file: join(directory, 'ids'), grant });
const environment = (): Readonly<Record<string, string>> => ({
  HOME: join(directory, 'home'),
  XDG_RUNTIME_DIR: join(directory, 'run'),
});

const run = (...args: readonly string[]): Promise<Finished> => podman('run', '--network', 'none', ...args);
const shell = (script: string): readonly string[] => [podmanImage, '/bin/sh', '-c', script];

/** A bundle's configuration. */
const base = () => ({
  ociVersion: '1.0.2',
  process: { user: { uid: 0, gid: 0 }, args: ['/bin/busybox', 'id', '-u'], cwd: '/' },
  root: { path: rootfs.path },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
  ],
  linux: { namespaces: ['pid', 'mount', 'ipc'].map((type) => ({ type })) },
});

/** Where the unified hierarchy is. */
function v2Mount(): string {
  return readMounts().find(({ type }) => type === 'cgroup2')?.target ?? '';
}

/** What keeps podman's user namespace between two of its calls: the only one of its processes that nobody else ends. */
function endPodman(): void {
  try {
    const pid = Number(readFileSync(join(directory, 'tmpdir/pause.pid'), 'utf8'));
    if (readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').startsWith('podman')) process.kill(pid, 'SIGKILL');
  } catch {
    // It has never begun.
  }
}

describeWith(
  ['busybox', 'seccomp', 'readable-sources', 'cgroup1', 'cgroup2', 'tool:runc', ...grantNeeds, ...podmanNeeds],
  'podman of an ordinary user',
  () => {
    beforeAll(async () => {
      runtime = await makeRuntime();
      rootfs = await makeRootfs({ shell: true });
      directory = await makeTemporaryDirectory('user');
      for (const name of ['', 'home', 'run']) {
        mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
        chownSync(join(directory, name), Number(grantedUser), Number(grantedUser));
      }
      // Without --root, as nobody gives one.
      const path = join(directory, 'haco-oci');
      writeFileSync(path, `#!/bin/sh\nexec '${runtime.program.join("' '")}' "$@"\n`, { mode: 0o755 });
      podman = await makePodman(directory, path, { wrap, env: environment() });
    }, 120_000);
    afterAll(async () => {
      await podman('rm', '--all', '--force', '--time', '0');
      endPodman();
      runtime.remove();
      await rootfs.remove();
      await rm(directory, { recursive: true, force: true });
    }, 120_000);

    test('runs a command as root of its user, with its output and exit code', { timeout: 120_000 }, async () => {
      const done = await run('--rm', ...shell('id -u; cat /proc/self/uid_map; exit 5'));
      const maps = done.stdout.split('\n').map((line) => line.trim().split(/ +/).join(' '));
      expect({ ...done, stdout: maps }).toMatchObject({
        exitCode: 5,
        stdout: ['0', `0 ${grantedUser} 1`, `1 ${String(first)} 65536`, ''],
      });
      expect(await run('--rm', podmanImage, 'nonesuch')).toMatchObject({ exitCode: 127 });
    });

    test(
      'lives through exec, ps, logs, stop and removal, with its state in the directory of the session',
      {
        timeout: 180_000,
      },
      async () => {
        const script = 'trap "exit 3" TERM; echo begun; while true; do sleep 0.1; done';
        expect(await podman('run', '-d', '--network', 'host', '--name', 'long', ...shell(script))).toMatchObject({
          exitCode: 0,
        });
        await expect.poll(async () => (await podman('logs', 'long')).stdout).toBe('begun\n');
        expect(readdirSync(state()).filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(1);
        expect(await podman('exec', 'long', '/bin/sh', '-c', 'id -u; exit 4')).toMatchObject({
          exitCode: 4,
          stdout: '0\n',
        });
        expect((await podman('exec', '-t', 'long', '/bin/sh', '-c', 'test -t 0 && echo yes')).stdout).toContain('yes');
        expect((await podman('ps', '--format', '{{.Names}}')).stdout).toBe('long\n');
        expect((await podman('top', 'long', 'huser', 'pid')).stdout).toContain(`${grantedUser} `);
        expect(await podman('stop', 'long')).toMatchObject({ exitCode: 0 });
        expect((await podman('inspect', '--format', '{{.State.ExitCode}}', 'long')).stdout).toBe('3\n');
        expect(await podman('start', 'long')).toMatchObject({ exitCode: 0 });
        expect(await podman('rm', '--force', '--time', '0', 'long')).toMatchObject({ exitCode: 0 });
        expect(readdirSync(state()).filter((name) => !name.startsWith('.'))).toEqual([]);
      },
    );

    // What they see is the same with another runtime; there is nothing of cgroup v2 in what runc 1.1 mounts.
    test.for([
      ['as it is', []],
      [
        'no capabilities, another user, a read-only root, a tmpfs',
        ['--cap-drop', 'all', '--user', '5:6', '--read-only', '--tmpfs', '/tmp'],
      ],
      ['privileged', ['--privileged']],
      ['a user namespace of its own', ['--userns', 'keep-id']],
      ['other ids', ['--uidmap', '0:5:10', '--gidmap', '0:5:10']],
      ['a cgroup namespace', ['--cgroupns', 'private']],
      ['the processes of the host', ['--pid', 'host']],
      ['no filter, no new privileges', ['--security-opt', 'seccomp=unconfined', '--security-opt', 'no-new-privileges']],
    ] as const)('%s: a container is as with runc', { timeout: 120_000 }, async ([, options]) => {
      const script = [
        'id; cat /proc/self/uid_map /proc/self/gid_map /proc/self/cgroup; grep -E "^(Cap|Seccomp|NoNew|Groups)" /proc/self/status',
        'ls -ln /dev | sed "s/[A-Z][a-z][a-z] .* //" | grep -v mqueue; ls / /sys/fs/cgroup | grep -v unified',
        'cut -d" " -f5 /proc/self/mountinfo | grep -v unified | sort; touch /new /tmp/new 2>&1; echo 1 > /sys/fs/cgroup/pids/x 2>&1',
      ].join('\n');
      const own = await run('--rm', ...options, ...shell(script));
      const other = await podman('--runtime', 'runc', 'run', '--rm', '--network', 'none', ...options, ...shell(script));
      expect(own.stdout.split('\n')).toEqual(other.stdout.split('\n'));
      expect(own.stdout).toContain('uid=');
      if (process.env.DBG) console.log(own.stdout, own.stderr);
    });

    test('plays a manifest of Kubernetes', { timeout: 120_000 }, async () => {
      const command = ['/bin/sh', '-c', 'echo begun; exec sleep 1000'];
      const manifest = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web' },
        spec: { containers: [{ name: 'one', image: podmanImage, command }] },
      };
      const file = join(directory, 'pod.yaml');
      writeFileSync(file, JSON.stringify(manifest));
      expect(await podman('kube', 'play', '--network', 'none', file)).toMatchObject({ exitCode: 0 });
      await expect.poll(async () => (await podman('logs', 'web-one')).stdout).toBe('begun\n');
      expect(await podman('kube', 'down', file)).toMatchObject({ exitCode: 0 });
      expect((await podman('ps', '--all', '--quiet')).stdout).toBe('');
    });

    test('needs no groups at all', { timeout: 120_000 }, async () => {
      const script = 'cat /proc/self/cgroup; ls /sys/fs/cgroup';
      const done = await run('--rm', '--cgroups', 'disabled', ...shell(script));
      expect(done).toMatchObject({ exitCode: 0, stderr: '' });
      expect(done.stdout).toContain(readFileSync('/proc/self/cgroup', 'utf8'));
      expect(done.stdout).toContain('\nmemory\n');
    });

    test(
      'limits, and groups at a certain path, are refused where no group can be made',
      {
        timeout: 120_000,
      },
      async () => {
        const bundle = join(directory, 'bundle');
        mkdirSync(bundle, { recursive: true });
        // As podman calls it, without podman.
        const inside = (...command: readonly string[]): Promise<Finished> =>
          runCommand(wrap(['unshare', '--user', '--map-root-user', '--map-auto', ...command]), {
            env: { ...process.env, ...environment() },
            cwd: bundle,
          });
        const call = (...args: readonly string[]): Promise<Finished> => inside(...runtime.program, ...args);
        const tried = async (linux: object): Promise<Finished> => {
          writeConfig(bundle, base(), { linux: { ...base().linux, ...linux } });
          return call('run', 'x');
        };
        const devices = [{ allow: false, access: 'rwm' }];
        expect(await tried({ resources: { devices } })).toMatchObject({ exitCode: 0, stdout: '0\n', stderr: '' });
        expect(await tried({ resources: { memory: { limit: 67_108_864 } } })).toMatchObject({
          exitCode: 1,
          stderr:
            'haco-oci: Limits of memory need a group in /sys/fs/cgroup/memory, which only root may make; run it with sudo, or let root give you the directory.\n',
        });
        expect(await tried({ cgroupsPath: '/haco-test-somewhere' })).toMatchObject({
          exitCode: 1,
          stderr:
            'haco-oci: Not allowed to make the group /haco-test-somewhere: no cgroup hierarchy of this host is given to this user; leave out linux.cgroupsPath (podman: --cgroups disabled), or run the engine as root.\n',
        });
        // And what can't be done without.
        writeConfig(bundle, base(), { process: { ...base().process, args: ['/bin/busybox', 'sleep', '1000'] } });
        const script = '"$@" run --detach x </dev/null >/dev/null 2>&1; "$@" pause x; "$@" ps x; "$@" delete --force x';
        const why = 'while it has no control group; create it as root, or where a group is delegated to its user';
        expect(await inside('/bin/sh', '-c', script, 'sh', ...runtime.program)).toMatchObject({
          exitCode: 0,
          stderr: `haco-oci: Can't pause the container ${why}.\nhaco-oci: Can't list the processes of the container ${why}.\n`,
        });
        writeConfig(bundle, base(), { linux: { ...base().linux, resources: { pids: { limit: 5 } } } });
        expect(await call('--cgroup-manager', 'disabled', 'run', 'x')).toMatchObject({
          exitCode: 1,
          stderr:
            'haco-oci: The spec is invalid: linux.resources: has limits, which need groups, and there are none with --cgroup-manager disabled; leave one of both out.\n',
        });
      },
    );

    test(
      'groups without a certain path are below the one that is given to the user',
      { timeout: 120_000 },
      async () => {
        const bundle = join(directory, 'delegated');
        mkdirSync(bundle, { recursive: true });
        const group = `haco-test-delegated-${String(process.pid)}`;
        const path = join(v2Mount(), group);
        mkdirSync(path);
        try {
          for (const name of ['', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']) {
            chownSync(join(path, name), Number(grantedUser), Number(grantedUser));
          }
          const seen = ['/bin/busybox', 'grep', '^0:', '/proc/self/cgroup'];
          writeConfig(bundle, base(), { process: { ...base().process, args: seen } });
          const own = ['unshare', '--user', '--map-root-user', '--map-auto', ...runtime.program, 'run', 'x'];
          const prepare = `echo $$ >${path}/cgroup.procs`;
          const command = withGrant(own, { file: join(directory, 'ids'), grant, prepare });
          expect(await runCommand(command, { env: { ...process.env, ...environment() }, cwd: bundle })).toMatchObject({
            exitCode: 0,
            stdout: `0::/${group}/x\n`,
            stderr: '',
          });
          expect(readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
        } finally {
          rmdirSync(path);
        }
      },
    );

    test('leaves nothing of containers in a row', { timeout: 120_000 }, async () => {
      const cycle = async (): Promise<void> => {
        for (const args of [
          ['create', '--network', 'none', '--tmpfs', '/fresh', '--name', 'row', podmanImage, '/bin/sleep', '1000'],
          ['start', 'row'],
          ['exec', 'row', '/bin/sleep', '0'],
          ['stop', '--time', '0', 'row'],
          ['rm', 'row'],
        ]) {
          const done = await podman(...args);
          if (done.exitCode !== 0) throw new Error(`podman ${args.join(' ')}: ${done.stderr}`);
        }
      };
      // What podman makes once for all of them is none of theirs.
      await cycle();
      const before = [readdirSync(state()), readdirSync(join(directory, 'runroot'))];
      await expectNothingLeft(async () => {
        for (let index = 0; index < 2; index += 1) await cycle();
      });
      expect([readdirSync(state()), readdirSync(join(directory, 'runroot'))]).toEqual(before);
    });
  },
);
