/** What haco runs, runc runs from the bundle that was written of it: what a command finds inside is the same. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haco, orThrow, type Builder } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { writeBundle } from './index.js';

const execute = promisify(execFile);

let rootfs: TestRootfs;
let directory: string;
beforeAll(async () => {
  rootfs = await makeRootfs({ shell: true });
  directory = await makeTemporaryDirectory('oci');
  await mkdir(join(directory, 'data'));
  await writeFile(join(directory, 'data', 'file'), 'of the host\n');
  await mkdir(join(rootfs.path, 'data'), { recursive: true });
  // What haco opens once for the process is no leftover.
  await orThrow(haco().command('/bin/true').run());
});
afterAll(async () => {
  await rootfs.remove();
  await rm(directory, { recursive: true });
});

/** Everything that a spec lets one choose and a shell can see. */
const look = [
  // runc adds a HOME from the root's passwd file; the specification doesn't speak of one.
  'id; hostname; pwd; umask; env | grep -v ^HOME= | sort',
  "grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status",
  'ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hc',
  'ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj',
  'cat /proc/self/uid_map /proc/self/gid_map',
  "awk '{print $5, $6}' /proc/self/mountinfo | grep -E '^/(proc|tmp|data|dev/pts|dev/shm) '",
  'ls /dev /dev/pts; cat /data/file; cat /proc/net/dev | tail -n +3 | cut -d: -f1; ip addr show lo | head -n 1',
  'touch /new /data/new /tmp/new 2>&1; cat /proc/kcore | wc -c; mkdir /tmp/refused 2>&1',
  'true',
].join('\n');

/** Only of a container with limits: without any haco makes no group, runc always. By the names of v1 and of v2. */
const limits = `cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max 2>/dev/null || cat memory.max pids.max`;

const common = () =>
  haco()
    .unshare('mount', 'pid', 'ipc', 'uts', 'cgroup')
    .network('none')
    .chroot(rootfs.path, { readonly: true })
    .independent('procfs', 'dev', 'sysfs', 'cgroup')
    .tmpfs('/tmp', { size: '64KiB', mode: 0o1777 })
    .mount(join(directory, 'data'), '/data', { readonly: true, nosuid: true })
    .hostname('inside')
    .env({ PATH: '/bin', EMPTY: '', A: 'b=c' })
    .command('/bin/sh', '-c', look);

const cases: Readonly<Record<string, () => Builder>> = {
  'root with every capability and no limits': common,
  'a confined user': () =>
    common()
      .user(1000, 1001, [10, 20])
      .workdir('/tmp')
      .umask(0o027)
      .oomScoreAdj(300)
      .caps('kill')
      .noNewPrivileges()
      .rlimit('nofile', 100, 200)
      .rlimit('rss', 0, 'unlimited')
      .mask('/proc/kcore')
      .readonlyPaths('/proc/sys')
      .seccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
      }),
  'root of a user namespace, with limits': () =>
    common()
      .unshare('user')
      .mapUsers([{ inside: 0, outside: 0, count: 70_000 }])
      .mapGroups([{ inside: 0, outside: 0, count: 70_000 }])
      .caps('docker')
      .memory('64MiB')
      .pids(50)
      .seccomp('default')
      .sh(`${look}\n${limits}`),
};

async function underRunc(bundle: string): Promise<string> {
  const name = `haco-test-${String(globalThis.process.pid)}`;
  // A root of its own for its state, in the directory, which is removed.
  const state = join(directory, 'state');
  const { stdout } = await execute('runc', ['--root', state, 'run', '--bundle', bundle, name]);
  return stdout;
}

describeWith(['root', 'busybox', 'tool:runc'], 'an exported bundle', () => {
  test.each(Object.entries(cases))('%s: the same inside under runc', async (name, make) => {
    const bundle = join(directory, name.replaceAll(' ', '-'));
    const { notRepresented } = orThrow(await writeBundle(make(), bundle));
    expect(notRepresented).toEqual([]);
    const outcome = await expectNothingLeft(async () => orThrow(await make().run()));
    expect(outcome).toMatchObject({ reason: 'exited' });
    expect(outcome.stdout).toContain('of the host\n');
    expect(await underRunc(bundle)).toBe(outcome.stdout);
  });
});
