import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '@haco/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archive, exportImage, image, imageConfig, prepareRootfs, tarball } from './index.js';

let box: string;
let root: string;

beforeEach(() => {
  box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
  root = join(box, 'root');
  fs.mkdirSync(join(root, 'etc'), { recursive: true });
  fs.mkdirSync(join(root, 'cache'));
  fs.writeFileSync(join(root, 'etc/a'), 'text');
  fs.linkSync(join(root, 'etc/a'), join(root, 'etc/b'));
  fs.symlinkSync('a', join(root, 'etc/link'));
  fs.writeFileSync(join(root, 'cache/big'), Buffer.alloc(100_000, 'haco'));
  fs.chmodSync(join(root, 'etc/a'), 0o640);
});

afterEach(() => {
  fs.rmSync(box, { recursive: true, force: true });
});

/** Everything of a tree that a user can see; times to the microsecond, which is what Node sets. */
const list = (directory: string) =>
  spawnSync('sh', ['-c', "find . -printf '%p %M %U %G %l %n %T@\\n' | sed -E 's/([.][0-9]{3})[0-9]*$/\\1/' | sort"], {
    cwd: directory,
    encoding: 'utf8',
  }).stdout.replace(/(\.\d{6})\d+/g, '$1');

async function holdsAll(name: string): Promise<void> {
  const packed = await archive(root, join(box, name));
  expect(packed.isOk() || packed.error).toBe(true);
  expect(packed._unsafeUnwrap().bytes).toBe(fs.statSync(join(box, name)).size);
  const target = join(box, 'again');
  const made = await prepareRootfs(tarball(join(box, name), { target }));
  expect(made.isOk() || made.error).toBe(true);
  expect(list(target)).toBe(list(root));
}

describeWith(['tool:bzip2', 'tool:xz', 'tool:zstd'], 'an archive of a root that programs compress', () => {
  it.each(['root.tbz2', 'root.tar.xz', 'root.tar.zst'])('%s holds all of it', holdsAll);
});

describe('an archive of a root', () => {
  it.each(['root.tar', 'root.tar.gz'])('%s holds all of it', holdsAll);

  it('leaves out what it shall, and writes nothing in a dry run', async () => {
    const dest = join(box, 'x.tar');
    const whole = (await archive(root, dest, { dryRun: true }))._unsafeUnwrap();
    expect(whole.path).toBeUndefined();
    expect(whole.bytes).toBeGreaterThan(100_000);
    expect(fs.readdirSync(box)).toEqual(['root']);
    const less = (await archive(root, dest, { excludes: ['./cache'], tarOptions: ['--mtime=@0'] }))._unsafeUnwrap();
    expect(less.bytes).toBeLessThan(100_000);
    expect(spawnSync('tar', ['-tf', dest], { encoding: 'utf8' }).stdout).not.toContain('cache');
  });

  it.each<[string, () => ReturnType<typeof archive>, string]>([
    ['a name that says no type', () => archive(root, join(box, 'x.zip')), "can't be told by the name"],
    ['an option that is none', () => archive(root, join(box, 'x.tar'), { tarOptions: ['x; id'] }), 'is no option'],
    ['no root', () => archive(join(box, 'nowhere'), join(box, 'x.tar')), 'There is no root filesystem'],
    ['a failing tar', () => archive(root, join(box, 'x.tar'), { tarOptions: ['--no-such'] }), 'exited with code'],
  ])('fails for %s, and leaves nothing', async (_name, run, message) => {
    expect((await run())._unsafeUnwrapErr().message).toContain(message);
    expect(fs.readdirSync(box)).toEqual(['root']);
  });

  it.each<[string, () => string]>([
    ['in the root', () => join(root, 'x.tar')],
    ['below it', () => join(root, 'etc/x.tar')],
    [
      'below it, by a link',
      () => {
        fs.symlinkSync(join(root, 'etc'), join(box, 'link'));
        return join(box, 'link/x.tar');
      },
    ],
  ])('%s is refused: it would be packed into itself', async (_name, make) => {
    const dest = make();
    const before = list(root);
    const said = `dest: "${dest}" lies in the root "${root}", and would be packed into itself; choose a place outside`;
    expect((await archive(root, dest))._unsafeUnwrapErr().message).toBe(`The spec is invalid: ${said}.`);
    expect((await exportImage(root, dest))._unsafeUnwrapErr().message).toBe(`The spec is invalid: ${said}.`);
    expect(list(root)).toBe(before);
    expect((await archive(root, dest, { dryRun: true })).isOk(), 'nothing is written').toBe(true);
  });

  it('in a directory whose name only begins like the root is outside', async () => {
    fs.mkdirSync(`${root}-archives`);
    expect((await archive(root, join(`${root}-archives`, 'x.tar'))).isOk()).toBe(true);
  });

  it('that is cancelled leaves nothing', async () => {
    const controller = new AbortController();
    const dest = join(box, 'x.tar');
    const result = await archive(root, dest, { signal: controller.signal, onTransfer: () => controller.abort() });
    expect(result._unsafeUnwrapErr().kind).toBe('state');
    expect(fs.readdirSync(box)).toEqual(['root']);
  });
});

describe('an image of a root', () => {
  const config = {
    env: { A: 'b=c' },
    entrypoint: ['/entry'],
    cmd: ['run'],
    user: '5',
    workdir: '/etc',
    labels: { k: 'v' },
    ports: ['80/tcp'],
    volumes: ['/data'],
    stopSignal: 'SIGINT',
  };

  it.each(['layout', 'image.tar'])('as %s gives the same root again, and says the same', async (name) => {
    const dest = join(box, name);
    const written = await exportImage(root, dest, config);
    expect(written.isOk() || written.error).toBe(true);
    const spec = image(dest, { target: join(box, 'again') });
    const made = await prepareRootfs(spec);
    expect(made.isOk() || made.error).toBe(true);
    expect(list(join(box, 'again'))).toBe(list(root));
    expect((await imageConfig(dest))._unsafeUnwrap()).toEqual(config);
  });

  it('is the same again for the same tree, byte by byte', async () => {
    const [a, b] = [join(box, 'a.tar'), join(box, 'b.tar')];
    const first = (await exportImage(root, a, config))._unsafeUnwrap();
    // Files in another order on the disk, and with other times of access.
    const copy = join(box, 'copy');
    expect(spawnSync('cp', ['-a', root, copy]).status).toBe(0);
    const second = (await exportImage(copy, b, config))._unsafeUnwrap();
    expect(second.digest).toBe(first.digest);
    expect(fs.readFileSync(b).equals(fs.readFileSync(a))).toBe(true);
  });

  it('does not replace what has its name', async () => {
    fs.mkdirSync(join(box, 'layout'));
    fs.writeFileSync(join(box, 'layout/mine'), '');
    expect((await exportImage(root, join(box, 'layout')))._unsafeUnwrapErr().kind).toBe('conflict');
    expect(fs.readdirSync(join(box, 'layout'))).toEqual(['mine']);
    expect(fs.readdirSync(box).sort()).toEqual(['layout', 'root']);
  });
});

describeWith(['root', 'tool:skopeo', 'tool:umoci'], 'an image of a root, for others', () => {
  it('is read by skopeo and unpacked by umoci', async () => {
    const layout = join(box, 'layout');
    fs.chownSync(join(root, 'etc/a'), 42, 43);
    expect((await exportImage(root, layout, { cmd: ['run'], tag: 'one' })).isOk()).toBe(true);
    expect((await exportImage(root, join(box, 'image.tar'), { tag: 'one' })).isOk()).toBe(true);
    const inspect = (name: string) => spawnSync('skopeo', ['inspect', '--config', name], { encoding: 'utf8' });
    expect(inspect(`oci:${layout}:one`).stdout.replace(/\s/g, '')).toContain('"Cmd":["run"]');
    expect(inspect(`oci-archive:${join(box, 'image.tar')}:one`).status).toBe(0);
    const bundle = join(box, 'bundle');
    const { status, stderr } = spawnSync('umoci', ['unpack', '--image', `${layout}:one`, bundle], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(list(join(bundle, 'rootfs'))).toBe(list(root));
  });
});
