/** A tmpfs that begins with a copy of what it covers. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

/** As an image would have it, and worse. */
const furnish = `
cd "$1"
mkdir -p data/private data/deep/er; echo content > data/file; echo deep > data/deep/er/file
chown 5:6 data/file; chmod 4755 data/file; ln data/file data/deep/same; touch -h -d '2001-02-03 04:05:06 UTC' data/file
ln -s file data/link; ln -s /etc/passwd data/absolute; ln -s "$2/secret" data/hostile; ln -s nowhere data/dangling
mkfifo -m 600 data/fifo; mknod -m 666 data/null c 1 3
chown 7:8 data/private; chmod 1711 data/private; touch -d '2002-02-03 04:05:06 UTC' data/private
printf '%s' "$(printf 'latin\\351')" > "data/$(printf 'name\\351')"
setfattr -n trusted.haco -v kept data/file
mkdir -p target empty
ln -s /data via; ln -s "../../../../../../../../$2" away
`;

describeWith(['root', 'busybox', 'probe', 'tool:setfattr'], 'tmpcopyup', () => {
  beforeAll(async () => {
    runtime = await makeRuntime();
    rootfs = await makeRootfs({ shell: true });
    bundle = await makeTemporaryDirectory('oci-copy-up');
    outside = mkdtempSync(join(tmpdir(), 'haco-outside-'));
    writeFileSync(join(outside, 'secret'), 'of the host\n');
    execFileSync('/bin/sh', ['-c', furnish, 'sh', rootfs.inside('/'), outside]);
  });
  afterAll(async () => {
    runtime.remove();
    await rootfs.remove();
    await rm(bundle, { recursive: true });
    rmSync(outside, { recursive: true });
  });

  const run = async (script: string, destination: string, options: readonly string[], linux: object = {}) => {
    const base = defaultConfig(false) as { readonly process: object; readonly linux: object };
    const args = ['/bin/sh', '-c', script];
    writeConfig(bundle, base, {
      root: { path: rootfs.path },
      process: { ...base.process, terminal: false, args, env: ['PATH=/bin'], capabilities: {} },
      linux: { ...base.linux, ...linux },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination, type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', ...options] },
      ],
    });
    count += 1;
    return runtime.call('run', '--bundle', bundle, `copy-up-${String(process.pid)}-${String(count)}`);
  };

  test(
    'has content, modes, owners, times, links and devices of what lies below, which stays as it is',
    { timeout: 90_000 },
    async () => {
      await expectNothingLeft(async () => {
        const look = `cd /data; stat -c '%n %a %u:%g %F %h' * | sort; stat -c '%n %Y' file private; cat file deep/er/file; for l in link absolute hostile; do readlink $l; done; [ file -ef deep/same ] && echo same; echo changed > deep/er/file; grep -c ' /data tmpfs ' /proc/mounts`;
        const { stdout, stderr } = await run(look, '/data', []);
        expect(stderr).toBe('');
        const lines = stdout.split('\n');
        expect(lines).toEqual(
          expect.arrayContaining([
            'file 4755 5:6 regular file 2',
            'private 1711 7:8 directory 2',
            'fifo 600 0:0 fifo 1',
            'null 666 0:0 character special file 1',
            'link 777 0:0 symbolic link 1',
            'file 981173106',
            'private 1012709106',
            'same',
          ]),
        );
        const text = `content\ndeep\nfile\n/etc/passwd\n${outside}/secret\nsame\n1\n`;
        expect(stdout.endsWith(text)).toBe(true);
        expect(readFileSync(rootfs.inside('/data/deep/er/file'), 'utf8')).toBe('deep\n');
      });
    },
  );

  test('keeps extended attributes', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const id = `copy-up-${String(process.pid)}-attributes`;
      await run('true', '/data', []);
      expect(await runtime.leave('create', '--bundle', bundle, id)).toMatchObject({ exitCode: 0 });
      const { pid } = JSON.parse((await runtime.call('state', id)).stdout) as { readonly pid: number };
      // Those of root are not seen inside.
      const file = `/proc/${String(pid)}/root/data/file`;
      const told = execFileSync('getfattr', ['--absolute-names', '-d', '-m', '-', file], { encoding: 'utf8' });
      expect(told).toContain('trusted.haco="kept"');
      expect(await runtime.call('delete', '--force', id)).toMatchObject({ exitCode: 0 });
    });
  });

  test('a link to it is followed within the root, one that leads away stays in it', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      expect(await run('cat /data/file', '/via', [])).toMatchObject({ stdout: 'content\n', stderr: '' });
      mkdirSync(rootfs.inside(outside), { recursive: true });
      const inside = await run(`ls ${outside}; grep -c ' ${outside} tmpfs ' /proc/mounts`, '/away', []);
      expect(inside).toMatchObject({ stdout: '1\n', stderr: '' });
      expect(await run('ls /made/here', '/made/here', [])).toMatchObject({ stdout: '', stderr: '' });
    });
  });

  test('a read-only one is so with the copy in it; one that is too small is told', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const { stdout } = await run('cat /data/file; echo x > /data/new || echo no', '/data', ['ro', 'mode=0700']);
      expect(stdout).toBe('content\nno\n');
      writeFileSync(rootfs.inside('/target/large'), Buffer.alloc(300_000));
      const failed = await run('true', '/target', ['size=64k']);
      expect(failed).toMatchObject({ exitCode: 1 });
      expect(failed.stderr).toBe(
        'haco-oci: Could not copy "/target/large": ENOSPC; the filesystem that is copied to is too small for it; give it a larger size.\n',
      );
    });
  });

  test('in a user namespace owners are those of its ids, and of the others nobody', { timeout: 60_000 }, async () => {
    await expectNothingLeft(async () => {
      const maps = [{ containerID: 0, hostID: 100_000, size: 1000 }];
      const linux = {
        namespaces: ['pid', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
        uidMappings: maps,
        gidMappings: maps,
      };
      const mapped = rootfs.inside('/mapped');
      execFileSync('/bin/sh', [
        '-c',
        'mkdir "$1"; echo x > "$1/file"; chown -R 100007:100008 "$1"; chmod 4711 "$1/file"',
        'sh',
        mapped,
      ]);
      const { stdout, stderr } = await run("stat -c '%a %u:%g' /mapped/file", '/mapped', [], linux);
      expect({ stdout, stderr }).toEqual({ stdout: '4711 7:8\n', stderr: '' });
      // Others stay nobody's, as they are below.
      expect(await run("stat -c '%a %u:%g' /data/file", '/data', [], linux)).toMatchObject({
        stdout: '4755 65534:65534\n',
      });
    });
  });

  test('a list of options says tmpcopyup for a tmpfs only', { timeout: 60_000 }, async () => {
    const base = defaultConfig(false);
    const source = outside;
    writeConfig(bundle, base, {
      root: { path: rootfs.path },
      process: { terminal: false, user: { uid: 0, gid: 0 }, cwd: '/', args: ['/bin/true'] },
      mounts: [{ destination: '/empty', type: 'bind', source, options: ['bind', 'tmpcopyup'] }],
    });
    const { stderr } = await runtime.call('run', '--bundle', bundle, `copy-up-${String(process.pid)}-bind`);
    expect(stderr).toContain('mounts[0].options[1]: "tmpcopyup" fills a tmpfs, and this is none');
  });

  test('what a mount before it has brought is copied', { timeout: 60_000 }, async () => {
    mkdirSync(rootfs.inside('/bound'));
    mkdirSync(join(outside, 'sub'));
    writeFileSync(join(outside, 'sub/file'), 'bound\n');
    const base = defaultConfig(false) as { readonly process: object };
    writeConfig(bundle, base, {
      root: { path: rootfs.path },
      process: { ...base.process, terminal: false, args: ['/bin/cat', '/bound/sub/file'], env: [] },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/bound', source: outside, options: ['rbind', 'ro'] },
        { destination: '/bound/sub', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] },
      ],
    });
    expect(await runtime.call('run', '--bundle', bundle, `copy-up-${String(process.pid)}-bound`)).toMatchObject({
      stdout: 'bound\n',
      stderr: '',
    });
  });
});
