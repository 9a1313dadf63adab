/** An image whose `/var/run` is `../run`: what is mounted and what is masked behind such a link is found, as other runtimes do. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultConfig } from './commands/spec.js';
import { makeRuntime, writeConfig, type TestRuntime } from './testing.js';

let runtime: TestRuntime;
let rootfs: TestRootfs;
let bundle: string;
let outside: string;
let count = 0;

const ids = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
const users = {
  namespaces: ['pid', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
  uidMappings: ids,
  gidMappings: ids,
};
// Hooks have the root at its own path, and nothing of what it is made from lies on theirs.
const see = ['/bin/sh', 'sh', '-c', "! grep -q ' / / .* - tmpfs tmpfs ' /proc/self/mountinfo && test -c /dev/null"];
const hooks = { createContainer: [{ path: see[0], args: see.slice(1) }] };

describeWith(['root', 'busybox', 'probe', 'tool:nsenter'], 'an image whose /var/run is ../run', () => {
  beforeAll(async () => {
    runtime = await makeRuntime();
    rootfs = await makeRootfs({
      shell: true,
      files: { '/var/x': '', '/run/app/file': 'image\n', '/run/secret/key': 'secret\n', '/run/token': 'token\n' },
    });
    symlinkSync('../run', rootfs.inside('/var/run'));
    bundle = await makeTemporaryDirectory('oci-above');
    outside = await makeTemporaryDirectory('oci-above-host');
    chmodSync(outside, 0o755);
    mkdirSync(join(outside, 'tree/below'), { recursive: true });
    writeFileSync(join(outside, 'tree/file'), 'host\n');
  });
  afterAll(async () => {
    runtime.remove();
    await rootfs.remove();
    for (const path of [bundle, outside]) rmSync(path, { recursive: true });
  });

  test.for([
    ['as it is', { readonly: false }, {}, {}],
    ['read-only', { readonly: true }, {}, {}],
    ['with hooks that see its mounts', { readonly: false }, {}, hooks],
    ['in a user namespace', { readonly: false }, users, {}],
    ['in a user namespace, with hooks', { readonly: false }, users, hooks],
  ] as const)('%s', { timeout: 60_000 }, async ([, root, linux, called]) => {
    await expectNothingLeft(async () => {
      const base = defaultConfig(false) as { readonly process: object; readonly linux: { maskedPaths: string[] } };
      const look =
        "cat /run/app/file /run/token; ls -A /run/secret; grep -c ' /run/app/below tmpfs ' /proc/mounts; grep -c ' / ' /proc/mounts";
      const args = ['/bin/sh', '-c', look];
      writeConfig(bundle, base, {
        root: { path: rootfs.path, ...root },
        process: { ...base.process, terminal: false, args, env: ['PATH=/bin'], capabilities: {} },
        linux: {
          ...base.linux,
          maskedPaths: [...base.linux.maskedPaths, '/var/run/secret', '/var/run/token'],
          ...linux,
        },
        mounts: [
          { destination: '/proc', type: 'proc', source: 'proc' },
          { destination: '/var/run/app', source: join(outside, 'tree'), options: ['bind'] },
          { destination: '/var/run/app/below', type: 'tmpfs', source: 'tmpfs' },
        ],
        hooks: called,
      });
      count += 1;
      const ran = await runtime.call('run', '--bundle', bundle, `above-${String(process.pid)}-${String(count)}`);
      expect(ran).toMatchObject({ exitCode: 0, stdout: 'host\n1\n1\n', stderr: '' });
    });
  });
});
