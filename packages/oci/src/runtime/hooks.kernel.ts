/** Hooks in the namespaces of a container: what they see, what they may, and what becomes of the container when they fail. */
import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { defaultConfig } from './commands/spec.js';
import { makeRuntime, writeConfig, type TestRuntime } from './testing.js';

let runtime: TestRuntime;
let rootfs: TestRootfs;
let bundle: string;
let count = 0;

beforeAll(async () => {
  runtime = await makeRuntime();
  rootfs = await makeRootfs({ shell: true });
  bundle = await makeTemporaryDirectory('oci-hooks');
  await mkdir(rootfs.inside('/said'));
  await chmod(rootfs.inside('/said'), 0o777);
});
beforeEach(() => {
  for (const name of ['inside', 'host', 'post']) rmSync(rootfs.inside(`/said/${name}`), { force: true });
});
afterAll(async () => {
  runtime.remove();
  await rootfs.remove();
  await rm(bundle, { recursive: true });
});

const said = (name: string): Promise<string> => readFile(rootfs.inside(`/said/${name}`), 'utf8');
const script = (text: string, more: object = {}) => [
  { path: '/bin/sh', args: ['sh', '-c', text], env: ['PATH=/bin:/usr/bin', 'OF=hook'], ...more },
];

const mounts = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { destination: '/work', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] },
];

function prepare(args: readonly string[], hooks: object, { process = {}, linux = {}, readonly = false } = {}): string {
  const base = defaultConfig(false) as { readonly process: object; readonly linux: object };
  writeConfig(bundle, base, {
    root: { path: rootfs.path, readonly },
    process: { ...base.process, terminal: false, args, env: ['PATH=/bin', 'OF=command'], ...process },
    linux: { ...base.linux, ...linux },
    mounts,
    hooks,
  });
  count += 1;
  return `hooks-${String(globalThis.process.pid)}-${String(count)}`;
}

const tell = 'echo $OF $(id -u):$(id -g) $(pwd) $(grep -c . /proc/self/environ) $(cat) >> /said/inside';
const user = { user: { uid: 7, gid: 8 }, cwd: '/work', capabilities: {} };

describeWith(['root', 'busybox', 'probe', 'tool:nsenter'], 'hooks inside', () => {
  test(
    "startContainer hooks run at the start, as the container's user in its directory, with a path of the root and the state on stdin",
    { timeout: 90_000 },
    async () => {
      await expectNothingLeft(async () => {
        const hooks = { startContainer: [...script(tell), ...script('echo second >> /said/inside')] };
        const id = prepare(['/bin/sh', '-c', 'echo command >> /said/inside'], hooks, { process: user });
        expect(await runtime.leave('create', '--bundle', bundle, id)).toEqual({ exitCode: 0, stderr: '' });
        expect(existsSync(rootfs.inside('/said/inside'))).toBe(false);
        expect(await runtime.call('start', id)).toMatchObject({ exitCode: 0, stderr: '' });
        await expect.poll(() => said('inside')).toContain('command');
        const [first, ...rest] = (await said('inside')).split('\n');
        expect(rest).toEqual(['second', 'command', '']);
        const [, words, json] = /^(.*?) (\{.*\})$/.exec(first ?? '') ?? [];
        expect(words).toBe('hook 7:8 /work 1');
        expect(JSON.parse(json ?? '')).toMatchObject({ ociVersion: '1.2.0', id, status: 'created', pid: 1, bundle });
        expect(await runtime.call('delete', '--force', id)).toMatchObject({ exitCode: 0 });
        // At once, too.
        await rm(rootfs.inside('/said/inside'));
        const once = prepare(['/bin/sh', '-c', 'echo command >> /said/inside'], hooks, { process: user });
        expect(await runtime.call('run', '--bundle', bundle, once)).toMatchObject({ exitCode: 0, stderr: '' });
        expect((await said('inside')).split('\n').slice(1)).toEqual(['second', 'command', '']);
      });
    },
  );

  test(
    'a startContainer hook that fails, takes too long or is missing stops the container, and start tells why',
    { timeout: 120_000 },
    async () => {
      await expectNothingLeft(async () => {
        const post = { poststop: script(`echo gone >> ${rootfs.inside('/said/post')}`) };
        for (const [startContainer, sentence] of [
          [
            script('echo no >&2; exit 4'),
            'The startContainer "/bin/sh" hook failed: it exited with code 4: no; mend the hook or remove it.',
          ],
          [script('sleep 60 & sleep 60', { timeout: 1 }), 'Waited 1000 ms for the startContainer hook "/bin/sh"'],
          [[{ path: '/nonesuch' }], 'The startContainer "/nonesuch" hook failed: '],
        ] as const) {
          const id = prepare(['/bin/sh', '-c', 'echo command >> /said/inside'], { startContainer, ...post });
          expect(await runtime.leave('create', '--bundle', bundle, id)).toEqual({ exitCode: 0, stderr: '' });
          const started = await runtime.call('start', id);
          expect(started).toMatchObject({ exitCode: 1 });
          expect(started.stderr).toContain(sentence);
          expect(JSON.parse((await runtime.call('state', id)).stdout)).toMatchObject({ status: 'stopped', pid: 0 });
          expect(await runtime.call('delete', id)).toMatchObject({ exitCode: 0, stderr: '' });
          const once = prepare(['/bin/sh', '-c', 'echo command >> /said/inside'], { startContainer, ...post });
          const ran = await runtime.call('run', '--bundle', bundle, once);
          expect(ran).toMatchObject({ exitCode: 1 });
          expect(ran.stderr).toContain(sentence);
          expect(await said('post')).toBe('gone\ngone\n');
          await rm(rootfs.inside('/said/post'));
        }
        expect(existsSync(rootfs.inside('/said/inside'))).toBe(false);
        expect(await runtime.call('list', '--quiet')).toMatchObject({ stdout: '' });
      });
    },
  );

  test(
    'a hook that is no program is told by its name, like one that fails, and leaves nothing either',
    { timeout: 60_000 },
    async () => {
      await expectNothingLeft(async () => {
        const tooLong = [{ path: '/bin/true', args: ['true', 'x'.repeat(200_000)] }];
        for (const moment of ['prestart', 'createRuntime', 'poststart', 'poststop']) {
          for (const [hook, cause] of [
            [[{ path: '/bin/sh/none' }], /"\/bin\/sh\/none" hook failed: .*ENOTDIR/],
            [tooLong, /"\/bin\/true" hook failed: .*E2BIG/],
          ] as const) {
            const id = prepare(['/bin/echo', 'ran'], { [moment]: hook });
            const late = moment.startsWith('post');
            const ran = await runtime.call('run', '--bundle', bundle, id);
            expect(ran).toMatchObject(late ? { exitCode: 0, stdout: 'ran\n' } : { exitCode: 1, stdout: '' });
            expect(ran.stderr).toMatch(new RegExp(`^haco-oci: The ${moment} ${cause.source}`));
            expect(await runtime.call('list', '--quiet')).toMatchObject({ stdout: '' });
          }
        }
      });
    },
  );

  test('what a hook says stays one line of text, whatever bytes it has', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const garbage =
        "printf 'a\\033[2J\\000b\\nc\\rd' >&2; head -c 300000 /dev/zero >&2; printf 'end\\007' >&2; exit 3";
      for (const moment of ['createRuntime', 'startContainer']) {
        const id = prepare(['/bin/true'], { [moment]: script(garbage) });
        const { exitCode, stderr } = await runtime.call('run', '--bundle', bundle, id);
        expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
        expect(stderr).toMatch(
          /hook failed: it exited with code 3: [^\p{Cc}]*end[^\p{Cc}]*; mend the hook or remove it\.\n$/u,
        );
      }
    });
  });

  test(
    'createContainer hooks run in all namespaces of the container, see its mounts at the place of its root, and mount into it',
    { timeout: 90_000 },
    async () => {
      await expectNothingLeft(async () => {
        const out = rootfs.inside('/said/host');
        const work = rootfs.inside('/work');
        const see = `test -c /dev/null && grep -c ' ${work} ' /proc/self/mountinfo >> ${out}; echo $$ >> ${out}; cat >> ${out}`;
        const add = `mkdir ${work}/made && mount -t tmpfs hook ${work}/made && echo mounted > ${work}/made/file`;
        for (const linux of [
          {},
          { maskedPaths: [] },
          {
            namespaces: ['pid', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
            uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
            gidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
          },
        ]) {
          const id = prepare(
            ['/bin/sh', '-c', 'cat /work/made/file; grep -c hook /proc/mounts'],
            {
              createContainer: [...script(see), ...script(add)],
              startContainer: script('[ "$(cat /work/made/file)" = mounted ]'),
            },
            { linux, readonly: true },
          );
          expect(await runtime.call('run', '--bundle', bundle, id)).toMatchObject({
            stderr: '',
            stdout: 'mounted\n1\n',
          });
          const [seen, pid, json] = (await said('host')).split('\n');
          expect([seen, Number(pid) < 20]).toEqual(['1', true]);
          expect(JSON.parse(json ?? '')).toMatchObject({ id, status: 'creating', pid: 1 });
          rmSync(out);
        }
      });
    },
  );
});
