/** Mounts with lists of ids of their own: who their files belong to, inside. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { defaultConfig } from './commands/spec.js';
import { makeRuntime, writeConfig, type TestRuntime } from './testing.js';

let runtime: TestRuntime;
let rootfs: TestRootfs;
let bundle: string;
let data: string;
let count = 0;

beforeAll(async () => {
  runtime = await makeRuntime();
  rootfs = await makeRootfs({ shell: true });
  bundle = await makeTemporaryDirectory('oci-maps');
  data = await makeTemporaryDirectory('oci-mapped');
  await chmod(data, 0o755);
  await writeFile(join(data, 'file'), 'of root');
  for (const name of ['/mnt', '/other']) await mkdir(rootfs.inside(name), { recursive: true });
});
// What a test that failed has left must not fail the others.
afterEach(() => runtime.deleteAll());
afterAll(async () => {
  runtime.remove();
  await rootfs.remove();
  for (const directory of [bundle, data]) await rm(directory, { recursive: true });
});

const list = (hostID: number, size = 65_536) => [{ containerID: 0, hostID, size }];
const maps = (uid: number, gid = uid) => ({ uidMappings: list(uid), gidMappings: list(gid) });
const bind = (destination: string, change: object) => ({
  destination,
  type: 'bind',
  source: data,
  options: ['bind', 'rprivate'],
  ...change,
});

function prepare(args: readonly string[], mounts: readonly object[], linux: object = {}): string {
  const base = defaultConfig(false) as { readonly process: object; readonly linux: object };
  writeConfig(bundle, base, {
    root: { path: rootfs.path, readonly: true },
    process: { ...base.process, terminal: false, args, env: ['PATH=/bin'] },
    linux: { ...base.linux, ...linux },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, ...mounts],
  });
  count += 1;
  return `maps-${String(process.pid)}-${String(count)}`;
}

const look = ['/bin/sh', '-c', 'stat -c %u:%g /mnt/file /other/file'];
const users = { ...maps(100_000), namespaces: ['pid', 'mount', 'ipc', 'uts', 'user'].map((type) => ({ type })) };

describeWith(['root', 'busybox'], 'lists of ids of mounts', () => {
  test.for([
    ['without a user namespace, their own', [maps(5000, 6000), maps(0)], {}, ['5000:6000', '0:0']],
    ["with that of the container, its root's", [maps(100_000), maps(100_000)], users, ['0:0', '0:0']],
    ['with others than that, those that it has for them', [maps(100_007), maps(100_000)], users, ['7:7', '0:0']],
    [
      'with the same twice',
      [maps(5000), { ...maps(5000), options: ['rbind', 'ro', 'ridmap'] }],
      {},
      ['5000:5000', '5000:5000'],
    ],
  ] as const)('owners are, %s', { timeout: 60_000 }, async ([, [one, other], linux, owners]) => {
    await expectNothingLeft(async () => {
      const id = prepare(look, [bind('/mnt', one), bind('/other', other)], linux);
      expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({
        stderr: '',
        stdout: owners.map((text) => `${text}\n`).join(''),
        exitCode: 0,
      });
    });
  });

  test(
    'a further process finds them, too, and the wait for the start is nothing to them',
    { timeout: 60_000 },
    async () => {
      await expectNothingLeft(async () => {
        const id = prepare(['/bin/sleep', '50'], [bind('/mnt', maps(5000)), bind('/other', maps(7))]);
        expect(await runtime.leave('create', '--bundle', bundle, id)).toEqual({ exitCode: 0, stderr: '' });
        expect(await runtime.call('start', id)).toMatchObject({ exitCode: 0, stderr: '' });
        expect(await runtime.call('exec', id, ...look)).toMatchObject({ stdout: '5000:5000\n7:7\n', stderr: '' });
        expect(await runtime.call('delete', '--force', id)).toMatchObject({ exitCode: 0, stderr: '' });
      });
    },
  );

  test('lists that make no map are told by their place, and nothing is made', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const overlap = [...list(0, 10), { containerID: 5, hostID: 100, size: 10 }];
      for (const [lists, problem] of [
        [{ uidMappings: list(5) }, 'mounts[1].gidMappings: is missing beside "uidMappings"; a mount has both or none'],
        [{ ...maps(5), uidMappings: list(5, 0) }, 'mounts[1].uidMappings[0]'],
        [{ ...maps(5), gidMappings: overlap }, 'mounts[1].gidMappings'],
        [{ ...maps(5), gidMappings: [{ containerID: 0 }] }, 'mounts[1].gidMappings[0].hostID'],
      ] as const) {
        const { exitCode, stderr } = await runtime.call(
          'run',
          '--bundle',
          bundle,
          prepare(look, [bind('/mnt', lists)]),
        );
        expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
        expect(stderr).toContain(problem);
      }
    });
  });
});
