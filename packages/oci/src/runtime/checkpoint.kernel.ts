/** `checkpoint` and `restore`: a container that counts is saved, and goes on at its number, as a container like any other. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
  runtime.leave('restore', '--detach', '--bundle', bundle, '--image-path', images, ...flags, id);

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
      expect(await restore('--pid-file', pidFile)).toMatchObject(left);
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
});
void existsSync;
void readdirSync;
void runCommand;
