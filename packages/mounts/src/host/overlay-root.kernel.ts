/** Layers that are kept: what is told of them, and what becomes of them. */
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { haco, orThrow } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { overlayRoot, type OverlayRoot } from './overlay-root.js';

let rootfs: TestRootfs;
let home: string;
let root: OverlayRoot;

async function sh(script: string): Promise<string> {
  const builder = haco().unshare('mount').chroot(root);
  const { stdout, stderr } = await orThrow(builder.command('/bin/sh', '-c', script).run());
  return (stdout + stderr).trim();
}

/** Changes as short lines. */
async function told(): Promise<readonly string[]> {
  const changes = await orThrow(root.changes());
  return changes.map((change) =>
    [change.kind, change.path, change.type, ...('what' in change ? [change.what.join('+')] : [])].join(' '),
  );
}

const everything = [
  'echo new >/etc/new; mkdir -p /made/deep; echo x >/made/deep/file; ln -s /nowhere /made/link; mkfifo -m 600 /made/fifo',
  'echo changed >/data/text; chmod 600 /data/mode; chown 7:8 /data/owner; touch /data/touched',
  'rm /data/gone; rm -r /data/tree; ln -sf other /data/link; rm -r /data/turned; echo file >/data/turned',
  'rm -r /data/again; mkdir /data/again; echo fresh >/data/again/fresh; echo kept >/data/again/kept',
  'mknod /made/node c 1 3; rm /data/was-file; mkdir /data/was-file; echo in >/data/was-file/in',
].join('; ');

const changes = [
  'modified /data/again/kept file content',
  'deleted /data/again/old file',
  'added /data/again/fresh file',
  'deleted /data/gone file',
  'modified /data/link symlink target',
  'modified /data/mode file mode',
  'modified /data/owner file owner',
  'modified /data/text file content',
  'deleted /data/tree directory',
  'modified /data/turned file type',
  'modified /data/was-file directory type',
  'added /data/was-file/in file',
  'added /etc/new file',
  'added /made directory',
  'added /made/deep directory',
  'added /made/deep/file file',
  'added /made/fifo fifo',
  'added /made/link symlink',
  'added /made/node character-device',
];

describeWith(['root', 'probe', 'busybox', 'overlay', 'tool:setfattr'], 'a layer that is kept', () => {
  beforeEach(async () => {
    rootfs = await makeRootfs({
      shell: true,
      files: {
        '/etc/old': '',
        '/data/text': 'before\n',
        '/data/mode': '',
        '/data/owner': '',
        '/data/touched': 'same\n',
        '/data/gone': '',
        '/data/tree/a/b': '',
        '/data/turned/x': '',
        '/data/again/old': '',
        '/data/again/kept': 'old\n',
        '/data/was-file': '',
      },
    });
    symlinkSync('one', rootfs.inside('/data/link'));
    home = await makeTemporaryDirectory('layer');
    root = overlayRoot({ lower: rootfs.path, keep: join(home, 'layer') });
    // The first wait opens what all later ones share.
    await orThrow(haco().command('/bin/sleep', '0.01').run());
  });
  afterEach(async () => {
    await rm(home, { recursive: true });
    await rootfs.remove();
  });

  test('nothing happened, nothing is told', async () => {
    expect(await told()).toEqual([]);
    await sh('cat /etc/old; ls -lR / | wc -l');
    expect(await told()).toEqual([]);
  });

  test('every change is told, with what it is', async () => {
    await expectNothingLeft(() => sh(everything));
    expect([...(await told())].sort()).toEqual([...changes].sort());
    expect(readFileSync(rootfs.inside('/data/text'), 'utf8')).toBe('before\n');
  });

  test('a commit makes the directory what the container saw, and leaves no layer', async () => {
    await sh(everything);
    const picture =
      'cd /; find data etc made | sort | xargs stat -c "%n %F %a %u:%g %t:%T"; cat data/text data/again/* made/deep/file; readlink data/link; readlink made/link';
    const seen = await sh(picture);
    expect((await orThrow(root.commit())).length).toBe(changes.length);
    const host = spawnSync('chroot', [rootfs.path, '/bin/sh', '-c', picture], { encoding: 'utf8' });
    expect(host.stdout.trim()).toBe(seen);
    expect(await told()).toEqual([]);
    expect(readdirSync(join(root.keep, 'upper'))).toEqual([]);
    expect(readdirSync(rootfs.inside('/data')).filter((name) => name.startsWith('.haco'))).toEqual([]);
    expect(await sh(picture)).toBe(seen);
  });

  test('names of one file stay names of one file, also when a commit is repeated', async () => {
    const links =
      'mkdir /made; echo one >/made/a; ln /made/a /made/b; mkdir /made/deep; ln /made/a /made/deep/c; ln /data/text /data/also; ln -f /made/a /data/gone';
    await sh(`${links}; mkfifo /made/f; ln /made/f /made/g; echo lone >/made/lone`);
    // As if it had been interrupted right before the end: a copy of the layer is applied once more.
    const copy = join(home, 'copy');
    spawnSync('cp', ['-a', root.keep, copy]);
    const numbers = (): readonly (readonly number[])[] =>
      [
        ['/made/a', '/made/b', '/made/deep/c', '/data/gone'],
        ['/data/text', '/data/also'],
        ['/made/f', '/made/g'],
        ['/made/lone'],
      ].map((names) => [...new Set(names.map((name) => lstatSync(rootfs.inside(name)).ino))]);
    const counts = (): readonly number[] =>
      ['/made/a', '/data/text', '/made/f', '/made/lone'].map((name) => lstatSync(rootfs.inside(name)).nlink);
    for (const each of [root, overlayRoot({ lower: rootfs.path, keep: copy })]) {
      await orThrow(each.commit());
      expect(numbers().map(({ length }) => length)).toEqual([1, 1, 1, 1]);
      expect(counts()).toEqual([4, 2, 2, 1]);
    }
    expect(readFileSync(rootfs.inside('/made/deep/c'), 'utf8')).toBe('one\n');
    expect(readFileSync(rootfs.inside('/data/also'), 'utf8')).toBe('before\n');
  });

  test('a file that the overlay has cut from its other names stays cut from them', async () => {
    linkSync(rootfs.inside('/data/text'), rootfs.inside('/data/elsewhere'));
    await sh('ln /data/text /data/also; chmod 600 /data/text; chmod 644 /data/text');
    await orThrow(root.commit());
    const [text, also, elsewhere] = ['text', 'also', 'elsewhere'].map(
      (name) => lstatSync(rootfs.inside(`/data/${name}`)).ino,
    );
    expect(also).toBe(text);
    expect(elsewhere).not.toBe(text);
  });

  test('discarded changes are gone', async () => {
    await sh(everything);
    await orThrow(root.discard());
    expect(await told()).toEqual([]);
    expect(await sh('cat /data/text; ls /data/tree; ls /made 2>/dev/null')).toBe('before\na');
  });

  test('links of the container lead neither changes nor commit nor discard out of the trees', async () => {
    const outside = join(home, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'victim'), 'host\n', { mode: 0o600 });
    // What the container makes a link the root has as a directory, and the other way round.
    await sh(
      `rm -r /data/tree /data/text; ln -s ${outside} /data/tree; ln -s ${outside}/victim /data/text; ln -s / /made`,
    );
    expect(await told()).toEqual([
      'modified /data/text symlink type',
      'modified /data/tree symlink type',
      'added /made symlink',
    ]);
    await orThrow(root.commit());
    expect(readlinkSync(rootfs.inside('/data/tree'))).toBe(outside);
    await sh(
      'rm /data/tree /data/text /made; mkdir /data/tree; echo inside >/data/tree/victim; chmod 777 /data/tree/victim; echo text >/data/text',
    );
    await orThrow(root.commit());
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('host\n');
    expect(lstatSync(rootfs.inside('/data/tree')).isDirectory()).toBe(true);
    await sh(`ln -s ${outside} /data/again/way; mkdir /x; ln -s ${outside} /x/way`);
    await orThrow(root.discard());
    expect(statSync(join(outside, 'victim')).mode & 0o777).toBe(0o600);
  });

  test('a layer in use is neither applied nor dropped', async () => {
    const container = await orThrow(
      haco().unshare('mount').chroot(root).command('/bin/sh', '-c', 'echo x >/new; echo ready; read _').start(),
    );
    for await (const _ of container.stdout ?? []) break;
    expect(await told()).toEqual(['added /new file']);
    for (const use of [root.commit(), root.discard()]) {
      const error = (await use)._unsafeUnwrapErr();
      expect(error.message).toBe(
        `The writable layer "${root.keep}" is already in use; wait until the container of process ${String(container.pid)} has ended, or kill it.`,
      );
    }
    orThrow(container.kill('SIGKILL'));
    await orThrow(container.wait());
    await orThrow(root.discard());
  });

  test('trees as deep and closed as a container can make them are dropped', async () => {
    await sh('i=0; while [ $i -lt 600 ]; do mkdir d && cd d && i=$((i+1)); done; mkdir -m 0 /closed; touch /closed/x');
    const error = (await root.changes())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'io', errno: 'ELOOP' });
    await orThrow(root.discard());
    expect(readdirSync(join(root.keep, 'upper'))).toEqual([]);
  });

  test('names need not be UTF-8', async () => {
    await sh(`mkdir "/data/$(printf '\\377dir')"; echo x >"/data/$(printf '\\377dir/\\376')"`);
    expect((await told()).length).toBe(2);
    await orThrow(root.commit());
    const names = readdirSync(rootfs.inside('/data'), { encoding: 'latin1' });
    expect(names).toContain('\u00ffdir');
  });

  test('a directory that is not there, and a layer of other software, are told apart', async () => {
    const missing = (await overlayRoot({ lower: '/no/such', keep: home }).changes())._unsafeUnwrapErr();
    expect(missing.message).toBe('There is no rootfs "/no/such"; give the directory that the layer lies over.');
    mkdirSync(join(root.keep, 'upper', 'moved'), { recursive: true });
    spawnSync('setfattr', ['-n', 'trusted.overlay.redirect', '-v', '/data', join(root.keep, 'upper', 'moved')]);
    const foreign = (await root.changes())._unsafeUnwrapErr();
    expect(foreign.message).toContain('was not mounted by haco');
  });
});
