/** containerd's shim with haco-oci as its runc: the real engine, on this machine, as Kubernetes' kubelet has it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeRootfs, runCommand, type Finished, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultConfig } from '../commands/spec.js';
import { makeRuntime, writeConfig, type TestRuntime } from '../testing.js';
import { startEngine, type Engine } from './engine.js';

let runtime: TestRuntime;
let rootfs: TestRootfs;
let engine: Engine;

const ctrAt = (directory: string, args: readonly string[]): Promise<Finished> =>
  runCommand(['ctr', '--address', `${directory}/socket`, ...args]);
const ctr = (...args: readonly string[]): Promise<Finished> => ctrAt(engine.directory, args);

/** `ctr run` of a command. */
function run(
  id: string,
  options: readonly string[],
  command: readonly string[],
  linux: object = {},
): Promise<Finished> {
  const bundle = join(engine.directory, id);
  mkdirSync(bundle);
  const base = defaultConfig(false) as { readonly process: object; readonly linux: object };
  writeConfig(bundle, base, {
    root: { path: rootfs.path, readonly: true },
    process: { ...base.process, terminal: false, args: command, env: ['PATH=/bin'] },
    linux: { ...base.linux, cgroupsPath: `/${engine.group}/${id}`, ...linux },
  });
  const how = ['--runtime', 'io.containerd.runc.v2', '--runc-binary', runtime.path];
  return ctr('run', ...how, '--config', join(bundle, 'config.json'), ...options, id);
}

const taskList = async (): Promise<string> => (await ctr('task', 'list')).stdout.replaceAll(/ +/g, ' ');

describeWith(
  ['root', 'busybox', 'probe', 'seccomp', 'tool:containerd', 'tool:ctr', 'tool:containerd-shim-runc-v2'],
  'containerd',
  () => {
    beforeAll(async () => {
      runtime = await makeRuntime();
      rootfs = await makeRootfs({ shell: true });
      engine = await startEngine({
        name: 'containerd',
        command: ({ directory }) => [
          'containerd',
          ...['--root', join(directory, 'data'), '--state', join(directory, 'state')],
          ...['--address', join(directory, 'socket')],
        ],
        isReady: async (directory) => (await ctrAt(directory, ['version'])).exitCode === 0,
      });
    }, 120_000);
    afterAll(async () => {
      await engine.stop();
      runtime.remove();
      await rootfs.remove();
    }, 120_000);

    test('runs a command with its output and exit code, and leaves nothing', { timeout: 120_000 }, async () => {
      const command = ['/bin/sh', '-c', 'hostname; echo beside >&2; exit 3'];
      // The group above its own stays, as under runc: who has named it may have others in it.
      await run('zero', ['--rm'], command);
      const finished = await expectNothingLeft(() => run('one', ['--rm'], command));
      expect(finished).toMatchObject({ exitCode: 3, stdout: 'haco\n' });
      expect(finished.stderr).toContain('beside\n');
      expect(await taskList()).toBe('TASK PID STATUS \n');
    });

    test('is told why a command cannot be run', { timeout: 120_000 }, async () => {
      const { exitCode, stderr } = await run('none', ['--rm'], ['/bin/nonesuch']);
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain('/bin/nonesuch');
    });

    test('leads a task through its life', { timeout: 180_000 }, async () => {
      const limits = { resources: { memory: { limit: 67_108_864 }, pids: { limit: 50 } } };
      const begun = await run('two', ['--detach', '--null-io'], ['/bin/sleep', '1000'], limits);
      expect(begun).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await taskList()).toMatch(/\ntwo \d+ RUNNING\n/);
      const other = await ctr('task', 'exec', '--exec-id', 'other', 'two', '/bin/sh', '-c', 'id -u; exit 4');
      expect(other).toMatchObject({ exitCode: 4, stdout: '0\n' });
      const metrics = (await ctr('task', 'metrics', '--format', 'json', 'two')).stdout;
      expect(JSON.parse(metrics)).toMatchObject({
        pids: { current: 1, limit: 50 },
        memory: { usage: { limit: 67_108_864 } },
      });
      expect((await ctr('task', 'ps', 'two')).stdout).toMatch(/^PID +INFO\n\d+ +-\n$/);
      expect(await ctr('task', 'pause', 'two')).toMatchObject({ exitCode: 0 });
      expect(await taskList()).toMatch(/\ntwo \d+ PAUSED\n/);
      expect(await ctr('task', 'resume', 'two')).toMatchObject({ exitCode: 0 });
      expect(await ctr('task', 'kill', '--signal', 'SIGKILL', 'two')).toMatchObject({ exitCode: 0 });
      await expect.poll(taskList).toMatch(/\ntwo \d+ STOPPED\n/);
      expect((await ctr('task', 'delete', 'two')).stderr).toContain('exit code 137');
      expect(await ctr('container', 'delete', 'two')).toMatchObject({ exitCode: 0 });
    });
  },
);
