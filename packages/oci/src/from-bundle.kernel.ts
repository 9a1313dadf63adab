/** A bundle runs under haco as it does under runc: what a command finds inside is the same. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { plainConfig } from './fixture.js';
import { fromBundle } from './index.js';

const execute = promisify(execFile);

let rootfs: TestRootfs;
let bundle: string;
beforeAll(async () => {
  rootfs = await makeRootfs({ shell: true });
  bundle = await makeTemporaryDirectory('oci');
  // What haco opens once for the process is no leftover.
  await orThrow(haco().command('/bin/true').run());
});
afterAll(async () => {
  await rootfs.remove();
  await rm(bundle, { recursive: true });
});

/** Everything that the specification lets one choose and a shell can see. */
const look = [
  // runc adds a HOME from the root's passwd file; the specification doesn't speak of one.
  'id; hostname; pwd; umask; env | grep -v ^HOME= | sort',
  "grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status",
  'ulimit -n; ulimit -Hn; ulimit -c',
  'ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj',
  "awk '{print $5, $6}' /proc/self/mountinfo | grep -E '^/(proc|tmp|data) '",
  'ls /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd',
  'cat /data/file; cat /proc/net/dev | tail -n +3 | cut -d: -f1; ip addr show lo | head -n 1',
  'touch /new 2>&1; touch /data/new 2>&1; cat /proc/kcore | wc -c',
].join('\n');

const KILL = ['CAP_KILL', 'CAP_CHOWN'];

function config(process: object = {}): object {
  const base = plainConfig();
  return {
    ...base,
    root: { path: rootfs.path, readonly: true },
    process: { ...base.process, args: ['/bin/sh', '-c', look], ...process },
    mounts: [
      ...(base['mounts'] as object[]),
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=64k'] },
      { destination: '/data', source: 'data', options: ['bind', 'ro', 'nosuid'] },
    ],
    linux: { ...base.linux, maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] },
  };
}

const cases: Readonly<Record<string, object>> = {
  'root without capabilities': {},
  'a user with groups, limits and a directory': {
    user: { uid: 1000, gid: 1001, umask: 0o077, additionalGids: [10, 20] },
    oomScoreAdj: 300,
    cwd: '/tmp',
    env: ['PATH=/bin', 'EMPTY=', 'A=b=c'],
    noNewPrivileges: true,
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }],
  },
  'root with two capabilities': {
    capabilities: { bounding: KILL, permitted: KILL, effective: ['CAP_KILL'] },
  },
  'ambient capabilities of a user': {
    user: { uid: 1000, gid: 1000 },
    capabilities: { bounding: KILL, permitted: KILL, effective: KILL, inheritable: KILL, ambient: ['CAP_KILL'] },
  },
};

async function underRunc(): Promise<string> {
  const name = `haco-test-${String(globalThis.process.pid)}`;
  // A root of its own for its state, in the bundle, which is removed.
  const { stdout } = await execute('runc', ['--root', join(bundle, 'state'), 'run', '--bundle', bundle, name]);
  return stdout;
}

describeWith(['root', 'busybox', 'probe', 'tool:runc'], 'a bundle', () => {
  beforeAll(async () => {
    await mkdir(join(bundle, 'data'));
    await writeFile(join(bundle, 'data', 'file'), 'of the bundle\n');
    await mkdir(join(rootfs.path, 'data'), { recursive: true });
  });

  test.each(Object.keys(cases))('%s: the same inside as with runc', async (name) => {
    await writeFile(join(bundle, 'config.json'), JSON.stringify(config(cases[name])));
    const outcome = await expectNothingLeft(async () => orThrow((await orThrow(fromBundle(bundle))).run()));
    expect(outcome).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(outcome.stdout).toContain('of the bundle\n');
    expect(outcome.stdout).toBe(await underRunc());
  });

  test('that is none is an error which says so', async () => {
    const nowhere = join(bundle, 'nowhere');
    const { message } = (await fromBundle(nowhere))._unsafeUnwrapErr();
    expect(message).toBe(
      `There is no bundle "${nowhere}"; a bundle is a directory with a config.json that can be read (ENOENT: no such file or directory, open '${nowhere}/config.json').`,
    );
    await writeFile(join(bundle, 'config.json'), '{');
    const { message: broken } = (await fromBundle(bundle))._unsafeUnwrapErr();
    expect(broken).toMatch(/^The spec is invalid: .*\/config\.json is not JSON \(.*\)\.$/);
  });
});
