import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { HacoError } from '@haco/plan';
import { describeWith } from '@haco/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { archiveOf, type TestEntry, unpackCarelessly } from '../host/test-archives.js';
import { prepareRootfs, tarball, type UnpackLimits } from '../index.js';

let box: string;
let target: string;
let lines: string[];

beforeEach(() => {
  box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
  target = join(box, 'target');
  lines = [];
});

afterEach(() => {
  fs.rmSync(box, { recursive: true, force: true });
});

async function unpackBytes(bytes: Buffer, limits: UnpackLimits = {}) {
  const archive = join(box, 'archive');
  fs.writeFileSync(archive, bytes);
  return prepareRootfs(tarball(archive, { target, limits }), { onProgress: (line) => lines.push(line) });
}

const unpackEntries = async (entries: readonly TestEntry[], limits?: UnpackLimits) =>
  unpackBytes(await archiveOf(entries), limits);

/** The error; and nothing of the root is left. */
function failureOf(result: Awaited<ReturnType<typeof unpackBytes>>): HacoError {
  const error = result._unsafeUnwrapErr();
  expect(error.cleanup).toEqual([]);
  expect(fs.readdirSync(box).filter((name) => name.startsWith('target'))).toEqual([]);
  return error;
}

describeWith(['root'], 'a root from an archive', () => {
  it('keeps owners, modes, times, links and devices', async () => {
    const mtime = new Date('2001-02-03T04:05:06Z');
    const result = await unpackEntries([
      { name: './', type: 'directory', mode: 0o711, mtime },
      { name: './etc', type: 'directory', mode: 0o750, uid: 3, gid: 4, mtime },
      { name: './etc/sealed', type: 'directory', mode: 0o200, mtime },
      { name: './etc/sealed/file', body: 'text', mode: 0o4755, uid: 54321, gid: 5, mtime },
      { name: './etc/again', type: 'link', linkname: './etc/sealed/file' },
      { name: './etc/link', type: 'symlink', linkname: '/nowhere', uid: 6, gid: 7, mtime },
      { name: './null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666, uid: 8, mtime },
      { name: './pipe', type: 'fifo', mode: 0o622, mtime },
      { name: './implied/deep/file', body: '' },
    ]);
    expect(result.isOk() || result.error).toBe(true);
    const stat = (name: string) => {
      const { mode, uid, gid, mtime, rdev, nlink } = fs.lstatSync(join(target, name));
      return { mode: (mode & 0o7777).toString(8), uid, gid, mtime: mtime.toISOString(), rdev, nlink };
    };
    const time = mtime.toISOString();
    expect(stat('')).toMatchObject({ mode: '711', mtime: time });
    expect(stat('etc')).toMatchObject({ mode: '750', uid: 3, gid: 4, mtime: time });
    expect(stat('etc/sealed')).toMatchObject({ mode: '200', mtime: time });
    expect(stat('etc/sealed/file')).toMatchObject({ mode: '4755', uid: 54321, gid: 5, mtime: time, nlink: 2 });
    expect(stat('etc/again')).toEqual(stat('etc/sealed/file'));
    expect(stat('etc/link')).toMatchObject({ uid: 6, gid: 7, mtime: time });
    expect(fs.readlinkSync(join(target, 'etc/link'))).toBe('/nowhere');
    expect(stat('null')).toMatchObject({ mode: '666', uid: 8, rdev: 0x103, mtime: time });
    expect(stat('pipe')).toMatchObject({ mode: '622', mtime: time });
    expect(stat('implied/deep')).toMatchObject({ mode: '755', uid: 0 });
    expect(lines).toEqual([expect.stringMatching(/^unpacked 9 entries/)]);
  });

  it('is the same as what tar(1) makes', async () => {
    const source = join(box, 'source');
    fs.mkdirSync(join(source, 'ä b'), { recursive: true });
    fs.writeFileSync(join(source, 'ä b', 'x'.repeat(200)), 'long name');
    fs.writeFileSync(join(source, 'large'), Buffer.alloc(3_000_000, 'haco'));
    fs.symlinkSync('y'.repeat(150), join(source, 'long-link'));
    spawnSync('mknod', [join(source, 'zero'), 'c', '1', '5']);
    const list = (directory: string) =>
      spawnSync('find', ['.', '-printf', '%p %M %U %G %l %s %T@\n'], { cwd: directory, encoding: 'latin1' })
        .stdout.split('\n')
        .sort();
    for (const format of ['gnu', 'pax', 'ustar']) {
      const archive = join(box, `${format}.tar`);
      const names = format === 'ustar' ? ['./zero', './large'] : ['.'];
      expect(spawnSync('tar', ['-c', `--format=${format}`, '-f', archive, ...names], { cwd: source }).status).toBe(0);
      const made = join(box, format);
      expect((await prepareRootfs(tarball(archive, { target: made }))).isOk()).toBe(true);
      if (format !== 'ustar') {
        // Sizes of directories and whole seconds of GNU archives are no matter of ours.
        const plain = (line: string) => line.replace(/\.\d+$/, '').replace(/^(\S.* d\S+ \d+ \d+ {2})\d+/, '$1');
        expect(list(made).map(plain)).toEqual(list(source).map(plain));
      }
      expect(fs.readFileSync(join(made, 'large')).equals(fs.readFileSync(join(source, 'large')))).toBe(true);
      expect(fs.lstatSync(join(made, 'zero')).rdev).toBe(0x105);
    }
  });

  it('keeps names that are not UTF-8, or refuses where it could not', async () => {
    const source = join(box, 'source');
    fs.mkdirSync(source);
    fs.writeFileSync(Buffer.from(`${source}/caf\xe9`, 'latin1'), 'text');
    const archive = (format: string) =>
      spawnSync('tar', ['-c', `--format=${format}`, '-C', source, '.'], { encoding: 'buffer' }).stdout;
    expect(failureOf(await unpackBytes(archive('pax'))).message).toContain('has a name that is not UTF-8');
    expect((await unpackBytes(archive('gnu'))).isOk()).toBe(true);
    expect(fs.readdirSync(target, 'latin1')).toEqual(['caf\xe9']);
  });

  it('follows links of the archive within the root, as the container will', async () => {
    const result = await unpackEntries([
      { name: 'usr/lib', type: 'directory' },
      { name: 'lib', type: 'symlink', linkname: 'usr/lib' },
      { name: 'lib64', type: 'symlink', linkname: '/lib' },
      { name: 'lib64/a.so', body: 'a' },
    ]);
    expect(result.isOk() || result.error).toBe(true);
    expect(fs.readFileSync(join(target, 'usr/lib/a.so'), 'utf8')).toBe('a');
  });

  it('takes the later one of two entries of the same name', async () => {
    const result = await unpackEntries([
      { name: 'a', body: 'first' },
      { name: 'a', type: 'directory' },
      { name: 'a', type: 'symlink', linkname: 'b' },
      { name: 'a', body: 'last' },
    ]);
    expect(result.isOk()).toBe(true);
    expect(fs.readFileSync(join(target, 'a'), 'utf8')).toBe('last');
  });

  it('leaves out attributes that could mislead the host, and says so', async () => {
    const pax = {
      'SCHILY.xattr.trusted.overlay.opaque': 'y',
      'SCHILY.xattr.security.selinux': 'system_u:object_r:x_t',
    };
    expect((await unpackEntries([{ name: 'a', body: 'x', pax }])).isOk()).toBe(true);
    expect(lines.slice(0, 2)).toEqual([
      'a: the extended attribute trusted.overlay.opaque is left out, it could mislead an overlay file system',
      'a: the extended attribute security.selinux is left out, it belongs to a host, not to an image',
    ]);
  });
});

describeWith(['root', 'tool:setfattr', 'tool:setcap'], 'extended attributes of an archive', () => {
  it('are kept, whatever bytes they are, as tar(1) keeps them', async () => {
    const source = join(box, 'source');
    fs.mkdirSync(join(source, 'directory'), { recursive: true });
    fs.writeFileSync(join(source, 'ping'), 'x');
    fs.chownSync(join(source, 'ping'), 1, 2);
    const run = (...command: readonly [string, ...string[]]) => {
      const [name, ...args] = command;
      expect(spawnSync(name, args).status, command.join(' ')).toBe(0);
    };
    run('setfattr', '-n', 'user.bytes', '-v', '0xff00fe3d0a80', join(source, 'ping'));
    run('setfattr', '-n', 'user.empty', join(source, 'directory'));
    // All bits, so that there are bytes which aren't UTF-8.
    run('setcap', 'all=ep', join(source, 'ping'));
    const archive = join(box, 'archive.tar');
    run('tar', '-c', '--xattrs', '--xattrs-include=*', '-f', archive, '-C', source, '.');
    expect((await prepareRootfs(tarball(archive, { target }))).isOk()).toBe(true);
    const attributes = (directory: string) =>
      spawnSync('getfattr', ['-R', '-d', '-m', '-', '-e', 'hex', '.'], { cwd: directory, encoding: 'utf8' }).stdout;
    expect(attributes(source)).toContain('security.capability=0x');
    expect(attributes(target)).toBe(attributes(source));
  });
});

describeWith(['root'], 'a hostile archive', () => {
  /** Each writes to, or opens, what lies outside when it is unpacked carelessly. */
  const attacks: readonly { name: string; entries: () => readonly TestEntry[]; message?: string }[] = [
    {
      name: '".." in a name',
      entries: () => [{ name: '../victim/file', body: 'pwned' }],
      message: 'its entry "../victim/file" contains "..", which could lead out of the target',
    },
    {
      name: 'an absolute name',
      entries: () => [{ name: `${box}/victim/file`, body: 'pwned' }],
      message: 'is absolute, which could name any file of the host',
    },
    {
      name: 'a symbolic link that leads out, and a file below it',
      entries: () => [
        { name: 'out', type: 'symlink', linkname: '../victim' },
        { name: 'out/file', body: 'pwned' },
      ],
      message: 'its entry "out/file" passes a symbolic link that leads out of the target',
    },
    {
      name: 'a chain of links that leads out step by step',
      entries: () => [
        { name: 'd', type: 'directory', mode: 0o755 },
        { name: 'd/up', type: 'symlink', linkname: '..' },
        { name: 'd/out', type: 'symlink', linkname: 'up/../victim' },
        { name: 'd/out/file', body: 'pwned' },
      ],
      message: 'leads out of the target',
    },
    {
      name: 'an absolute link, and a file below it',
      entries: () => [
        { name: 'out', type: 'symlink', linkname: `${box}/victim` },
        { name: 'out/file', body: 'pwned' },
      ],
    },
    {
      name: 'a link to a file, and a file of the same name',
      entries: () => [
        { name: 'out', type: 'symlink', linkname: '../victim/file' },
        { name: 'out', body: 'pwned' },
      ],
    },
    {
      name: 'a hard link to a file outside, and a file of the same name',
      entries: () => [
        { name: 'mine', type: 'link', linkname: '../victim/file' },
        { name: 'mine', body: 'pwned' },
      ],
      message: 'is a link to a file whose name contains ".."',
    },
    {
      name: 'a hard link through a symbolic link',
      entries: () => [
        { name: 'out', type: 'symlink', linkname: '../victim' },
        { name: 'mine', type: 'link', linkname: 'out/file' },
        { name: 'mine', body: 'pwned' },
      ],
      message: 'its entry "mine" passes a symbolic link that leads out of the target',
    },
    {
      name: 'a hard link to a symbolic link',
      entries: () => [
        { name: 'out', type: 'symlink', linkname: '../victim/file' },
        { name: 'mine', type: 'link', linkname: 'out' },
        { name: 'mine', body: 'pwned' },
      ],
    },
    {
      name: 'a mode for a directory that is a link',
      entries: () => [
        { name: 'out', type: 'symlink', linkname: '../victim' },
        { name: 'out', type: 'directory', mode: 0o777 },
      ],
    },
  ];

  const victim = () => join(box, 'victim');
  const stateOfVictim = () => [
    fs.readdirSync(victim()),
    fs.readFileSync(join(victim(), 'file'), 'utf8'),
    fs.statSync(victim()).mode & 0o777,
  ];
  const resetVictim = () => {
    fs.rmSync(victim(), { recursive: true, force: true });
    fs.mkdirSync(victim());
    fs.chmodSync(victim(), 0o700);
    fs.writeFileSync(join(victim(), 'file'), 'precious');
  };

  it.each(attacks)('with $name does no harm', async ({ entries, message }) => {
    resetVictim();
    const before = stateOfVictim();
    unpackCarelessly(entries(), target);
    expect(stateOfVictim(), 'the attack works').not.toEqual(before);

    fs.rmSync(target, { recursive: true });
    resetVictim();
    const result = await unpackEntries(entries());
    expect(stateOfVictim()).toEqual(before);
    if (message === undefined) expect(result.isOk()).toBe(true);
    else expect(failureOf(result).message).toContain(message);
  });

  it('with more entries than allowed is refused', async () => {
    const entries = Array.from({ length: 11 }, (_, index) => ({ name: `f${String(index)}` }));
    expect((await unpackEntries(entries, { entries: 11 })).isOk()).toBe(true);
    fs.rmSync(target, { recursive: true });
    expect(failureOf(await unpackEntries(entries, { entries: 10 })).message).toContain('it has more than 10 entries');
  });

  it('that unpacks to more than allowed is refused, small as it is', async () => {
    const bomb = gzipSync(await archiveOf([{ name: 'zeros', body: Buffer.alloc(20_000_000) }]));
    expect(bomb.length).toBeLessThan(100_000);
    expect(failureOf(await unpackBytes(bomb, { size: '10MiB' })).message).toContain('it unpacks to more than 10 MiB');
  });

  it('with links in a circle is refused', async () => {
    const result = await unpackEntries([
      { name: 'a', type: 'symlink', linkname: 'b' },
      { name: 'b', type: 'symlink', linkname: 'a' },
      { name: 'a/file', body: '' },
    ]);
    expect(failureOf(result).message).toContain('its entry "a/file" passes too many symbolic links');
  });
});

/** An archive of two files. */
const whole = () =>
  archiveOf([
    { name: 'a', body: Buffer.alloc(200_000, 'x') },
    { name: 'b', body: 'y' },
  ]);

describeWith(['root'], 'a broken archive', () => {
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut in the middle of a file', (bytes) => bytes.subarray(0, 100_000)],
    ['cut between two entries', (bytes) => bytes.subarray(0, 512 + 200_192)],
    ['cut in its compressed form', (bytes) => gzipSync(bytes).subarray(0, 300)],
    ['with a damaged header', (bytes) => Buffer.concat([Buffer.from('X'), bytes.subarray(1)])],
    ['that is no archive', () => Buffer.from('hello '.repeat(1000))],
    ['that is empty', () => Buffer.alloc(0)],
    ['without entries', () => Buffer.alloc(1024)],
  ])('%s is an error, and nothing is left', async (_name, damage) => {
    const error = failureOf(await unpackBytes(damage(await whole())));
    expect(error.kind).toBe('io');
    expect(error.message).toMatch(/^Could not unpack ".*archive"; .+\.$/);
  });

  it('that is not there is not found', async () => {
    const error = failureOf(await prepareRootfs(tarball('/nowhere/a.tar', { target })));
    expect(error.message).toBe('There is no archive "/nowhere/a.tar"; check its path.');
  });
});

describeWith(['root', 'tool:bzip2', 'tool:xz', 'tool:zstd'], 'an archive that programs have compressed', () => {
  it.each([['gzip'], ['bzip2'], ['xz'], ['zstd']])(
    'may be compressed by %s, whatever its name says',
    async (program) => {
      const { stdout } = spawnSync(program, ['-c'], { input: await archiveOf([{ name: 'a', body: 'text' }]) });
      expect((await unpackBytes(stdout)).isOk()).toBe(true);
      expect(fs.readFileSync(join(target, 'a'), 'utf8')).toBe('text');
    },
  );

  it('that was cut fails with what the program said', async () => {
    const { stdout } = spawnSync('xz', ['-c'], { input: await whole() });
    const error = failureOf(await unpackBytes(stdout.subarray(0, -20)));
    expect(error).toMatchObject({ kind: 'tool', package: 'xz-utils' });
    expect(error.message).toContain('Unexpected end of input');
  });
});

describeWith(['root'], 'unpacking', () => {
  it('can be cancelled in the middle of a file, and nothing is left', async () => {
    const archive = join(box, 'archive');
    fs.writeFileSync(archive, await archiveOf([{ name: 'large', body: Buffer.alloc(50_000_000) }]));
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 10);
    const result = await prepareRootfs(tarball(archive, { target }), { signal: controller.signal });
    expect(failureOf(result).kind).toBe('state');
  });

  it('onto a full disk is told, and nothing is left', async () => {
    const disk = join(box, 'disk');
    fs.mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'haco-test', disk]).status).toBe(0);
    try {
      const archive = join(box, 'archive');
      fs.writeFileSync(archive, await archiveOf([{ name: 'large', body: Buffer.alloc(4_000_000, 'x') }]));
      const result = await prepareRootfs(tarball(archive, { target: join(disk, 'new/root') }));
      expect(result._unsafeUnwrapErr()).toMatchObject({ kind: 'io', errno: 'ENOSPC', cleanup: [] });
      expect(fs.readdirSync(disk)).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
