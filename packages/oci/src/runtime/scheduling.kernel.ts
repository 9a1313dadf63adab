/** What a configuration says about scheduling, as the first process of the runtime's containers sees it, and as further ones do. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultConfig } from './commands/spec.js';
import { plainConfig } from '../fixture.js';
import { fromConfig, toConfig } from '../index.js';
import { makeRuntime, writeConfig, type TestRuntime } from './testing.js';

const execute = promisify(execFile);

let runtime: TestRuntime;
let rootfs: TestRootfs;
let bundle: string;
beforeAll(async () => {
  runtime = await makeRuntime();
  rootfs = await makeRootfs({ shell: true });
  bundle = await makeTemporaryDirectory('oci-scheduling');
  // What haco opens once for the process is no leftover.
  await orThrow(haco().command('/bin/true').run());
});
afterAll(async () => {
  runtime.remove();
  await rootfs.remove();
  await rm(bundle, { recursive: true });
});

const policy = "cut -d ' ' -f 19,40,41 /proc/self/stat";
const cpus = 'grep Cpus_allowed_list /proc/self/status | cut -f 2';
const look = `${policy}; ionice -p $$; ${cpus}; uname -m`;
const machine = process.arch === 'arm64' ? 'armv8l' : 'i686';
const allowed = /Cpus_allowed_list:\t(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
const first = /^\d+/.exec(allowed)?.[0] ?? '0';

interface Json {
  readonly process: object;
  readonly linux: object;
  readonly root: object;
}
const base = (): Json => defaultConfig(false) as Json;

const scheduling = {
  scheduler: { policy: 'SCHED_BATCH', nice: 7 },
  ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 },
  execCPUAffinity: { initial: first, final: first },
};

function config(args: readonly string[], process: object = scheduling): object {
  const own = base();
  return {
    root: { path: rootfs.path, readonly: true },
    process: { ...own.process, terminal: false, args, env: ['PATH=/bin'], ...process },
    linux: { ...own.linux, personality: { domain: 'LINUX32' } },
  };
}

const asked = `7 0 3\nbest-effort: prio 6\n${allowed}\n${machine}\n`;
const id = `test-sched-${String(process.pid)}`;

describeWith(['root', 'busybox', 'probe'], 'haco-oci', () => {
  test('runs a container as it is asked to, and refuses what makes no sense', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      writeConfig(bundle, base(), config(['/bin/sh', '-c', look]));
      expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({ exitCode: 0, stdout: asked });
      writeConfig(bundle, base(), config(['/bin/true'], { scheduler: { policy: 'SCHED_ISO' } }));
      expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({
        exitCode: 1,
        stderr:
          'haco-oci: The spec is invalid: process.scheduler.policy: "SCHED_ISO" is a policy that no Linux has; choose another one.\n',
      });
    });
  });

  test(
    'runs a further command by what the process says that exec is given, on its processors',
    { timeout: 60_000 },
    async () => {
      await expectNothingLeft(async () => {
        writeConfig(bundle, base(), config(['/bin/sleep', '60']));
        expect(await runtime.leave('run', '--detach', '--bundle', bundle, id)).toMatchObject({ exitCode: 0 });
        const own = await runtime.call('exec', id, '/bin/sh', '-c', look);
        expect(own).toMatchObject({ exitCode: 0, stdout: `7 0 3\nbest-effort: prio 6\n${first}\n${machine}\n` });
        const file = join(bundle, 'process.json');
        const given = { args: ['/bin/sh', '-c', look], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } };
        await writeFile(file, JSON.stringify({ ...given, scheduler: { policy: 'SCHED_IDLE' } }));
        const other = await runtime.call('exec', '--process', file, id);
        const [stat, , list, name] = other.stdout.split('\n');
        expect([stat, list, name]).toEqual(['0 0 5', allowed, machine]);
        expect(await runtime.call('delete', '--force', id)).toMatchObject({ exitCode: 0 });
      });
    },
  );
});

/** The output of a container of another runtime, whose state is in the bundle, and is removed with it. */
async function under(tool: string): Promise<string> {
  const { stdout } = await execute(tool, ['--root', join(bundle, 'state'), 'run', '--bundle', bundle, id]);
  return stdout;
}

/** The fields that a runtime honoured, by what its container shows where nothing is asked. */
const honoured = (text: string): readonly boolean[] => {
  const [stat, io, , name] = text.split('\n');
  return [stat === '7 0 3', io === 'best-effort: prio 6', name === machine];
};

describeWith(['root', 'busybox', 'probe', 'tool:runc'], 'beside runc', () => {
  test('a bundle that haco has written runs there, too, with what that version of runc knows', async () => {
    await expectNothingLeft(async () => {
      const plain = plainConfig();
      const builder = orThrow(
        fromConfig({
          ...plain,
          root: { path: rootfs.path, readonly: true },
          process: { ...plain.process, args: ['/bin/sh', '-c', look], ...scheduling },
          linux: { ...plain.linux, personality: { domain: 'LINUX32' } },
        }),
      );
      expect(await orThrow(builder.run())).toMatchObject({ stdout: asked });
      const exported = orThrow(toConfig(builder)).config;
      expect(exported.process).toMatchObject(scheduling);
      expect(exported.linux?.personality).toEqual({ domain: 'LINUX32' });
      await writeFile(join(bundle, 'config.json'), JSON.stringify(exported));
      const theirs = await under('runc');
      // execCPUAffinity says nothing about the first process.
      expect(theirs.split('\n')[2]).toBe(allowed);
      // All of them came with runc 1.2; before, the fields are passed over.
      const { stdout } = await execute('runc', ['--version']);
      const [, major = '1', minor = '0'] = /runc version (\d+)\.(\d+)/.exec(stdout) ?? [];
      const knows = Number(major) > 1 || Number(minor) >= 2;
      expect(honoured(theirs)).toEqual([knows, knows, knows]);
    });
  });
});
