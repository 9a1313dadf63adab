/** What can't be saved or restored, and what is said then; nothing is left of the attempt. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWith, expectNothingLeft, makeRootfs, makeTemporaryDirectory, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUp } from '../fixture.js';
import { haco, orThrow, type Builder, type HacoError } from '../index.js';

const slow = { timeout: 60_000 };

let rootfs: TestRootfs;
let place: string;

const base = () => haco().unshare('mount', 'pid').chroot(rootfs.path).independent('procfs', 'dev').stdout('null');
const sleeping = (builder: Builder = base()) => builder.command('/bin/sleep', '600');

/** The error of a checkpoint; there is nothing in its directory, and the container lives. */
async function refusal(
  builder: Builder,
  options: { readonly criu?: string; readonly timeout?: string } = {},
): Promise<HacoError> {
  return expectNothingLeft(async () => {
    await using container = await orThrow(builder.start());
    const directory = join(place, 'refused');
    const error = (await container.checkpoint(directory, options))._unsafeUnwrapErr();
    expect(existsSync(directory)).toBe(false);
    orThrow(container.kill(0));
    return error;
  });
}

/** A program in place of CRIU. */
async function fake(script: string): Promise<string> {
  const path = join(place, 'fake-criu');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** The note of a checkpoint with nothing in it. */
const emptyNote = {
  version: '1',
  name: 'x',
  at: '',
  net: false,
  cgroup: false,
  mounts: true,
  points: [],
  externals: [],
};

describeWith(['root', 'busybox'], 'checkpoint() and restore() refuse', () => {
  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    place = await makeTemporaryDirectory('refusals');
    await warmUp();
  });
  afterAll(async () => {
    await rm(place, { recursive: true });
    await rootfs.remove();
  });

  test.each<readonly [string, () => Builder, string]>([
    ['a terminal', () => base().reset('process').tty(), 'it has a terminal; start it without tty()'],
    [
      'a user namespace',
      () => base().unshare('user'),
      'it has a user namespace of its own; start it without unshare("user")',
    ],
    [
      'an overlay',
      () => base().chroot(rootfs.path, { overlay: true }),
      'its root is an overlay; give it a directory of its own, by chroot(root) without overlay',
    ],
    [
      'the root of the host',
      () => base().reset('mounts'),
      'its root is that of the host; give it a directory of its own, by chroot(root)',
    ],
  ])('to save %s', slow, async (_what, make, why) => {
    const error = await refusal(sleeping(make()), { criu: await fake('exit 1') });
    expect(error.kind).toBe('state');
    expect(error.message).toBe(`Can't save the container while ${why}.`);
  });

  test('without CRIU, and say how to get it', slow, async () => {
    const criu = '/no/such/criu';
    const sentence = `Could not start "${criu}": the program isn't installed; install it with "apt-get install criu".`;
    const error = await refusal(sleeping(), { criu });
    expect([error.kind, error.message]).toEqual(['tool', sentence]);
    await expectNothingLeft(async () => {
      const failed = (await base().restore(place, { criu }))._unsafeUnwrapErr();
      expect([failed.kind, failed.message]).toEqual(['tool', sentence]);
    });
  });

  test('with the errors of its log, and the cause that the log keeps to itself', slow, async () => {
    const old = [
      'echo "Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds" >&2',
      'echo "Error (criu/crtools.c:260): Could not initialize kernel features detection." >&2',
      'exit 1',
    ].join('\n');
    const criu = await fake(old);
    expect((await refusal(sleeping(), { criu })).message).toBe(
      `The command "${criu} dump" exited with code 1; its last words: vdso: Unexpected rt vDSO area bounds; Could not initialize kernel features detection. (this CRIU is older than the kernel: Linux 6.13 and later need CRIU 4.1; name a newer one with HACO_CRIU).`,
    );
    const late = await refusal(sleeping(), { criu: await fake('exec sleep 600'), timeout: '200ms' });
    expect([late.kind, late.message]).toEqual([
      'timeout',
      'Waited 200 ms for the checkpoint and gave up; allow more time or look why it hangs.',
    ]);
  });

  test('a directory with something in it, and options that make no sense', slow, async () => {
    const full = join(place, 'full');
    await mkdir(full);
    await writeFile(join(full, 'mine'), '');
    await expectNothingLeft(async () => {
      await using container = await orThrow(sleeping().start());
      const criu = await fake('exit 1');
      const taken = (await container.checkpoint(full, { criu }))._unsafeUnwrapErr();
      expect(taken.message).toBe(
        `The directory "${full}" is already in use; something is in it; remove it, or name another directory.`,
      );
      expect(await readdir(full)).toEqual(['mine']);
      const bad = await container.checkpoint(join(place, 'x'), {
        logLevel: 9,
        actionScripts: ['here'],
        timeout: 'soon',
      });
      expect(bad._unsafeUnwrapErr().message).toBe(
        'The spec has 2 problems: options.logLevel: 9 is no level; use 1 to 4; options.actionScripts[0]: "here" is not an absolute path; give the whole one.',
      );
      await container[Symbol.asyncDispose]();
      const over = (await container.checkpoint(join(place, 'x')))._unsafeUnwrapErr();
      expect(over.message).toBe("Can't save it while the container is stopped; start it again first.");
    });
  });

  test('to restore what was never saved, or what the definition has no place for', slow, async () => {
    const criu = await fake('exit 1');
    const none = join(place, 'none');
    await expectNothingLeft(async () => {
      expect((await base().restore(none, { criu }))._unsafeUnwrapErr().message).toBe(
        `There is no checkpoint "${none}"; make one with container.checkpoint(directory), or "haco checkpoint".`,
      );
      await mkdir(none);
      const note = { ...emptyNote, externals: [{ target: '/data', directory: true, options: [] }] };
      const write = (fields: object): Promise<void> =>
        writeFile(join(none, 'haco.json'), JSON.stringify({ ...note, ...fields }));
      await write({});
      expect((await base().restore(none, { criu }))._unsafeUnwrapErr().message).toBe(
        'Can\'t restore the container while this definition has no mount on /data, which the checkpoint has; mount it as before, or say externals: { "/data": source }.',
      );
      expect((await haco().restore(none, { criu }))._unsafeUnwrapErr().message).toContain(
        'say chroot(root), as before',
      );
      await write({ net: true });
      expect((await base().restore(none, { criu }))._unsafeUnwrapErr().message).toBe(
        'The spec is invalid: namespaces.unshare: the checkpoint has a net namespace of its own; add unshare("net"), or network().',
      );
      await write({ externals: 'none' });
      expect((await base().restore(none, { criu }))._unsafeUnwrapErr().message).toBe(
        `Could not understand "${join(none, 'haco.json')}"; externals must be a list; make the checkpoint anew.`,
      );
      expect((await haco().tty().restore(none, { criu }))._unsafeUnwrapErr().message).toContain(
        'process.tty: a restored container has no terminal; leave it out',
      );
      // CRIU fails: the group and the process that keeps it are gone, too.
      await write({ externals: [] });
      const failed = (await base().restore(none, { criu }))._unsafeUnwrapErr();
      expect(failed.message).toBe(`The command "${criu} restore" exited with code 1; it printed no error.`);
      expect((await base().restoreFrom(none).pool({ size: 1 }))._unsafeUnwrapErr().kind).toBe('invalid-spec');
    });
    expect(JSON.parse(await readFile(join(none, 'haco.json'), 'utf8'))).toMatchObject({ name: 'x' });
  });

  test('a restore that is aborted leaves nothing', slow, async () => {
    const none = join(place, 'slow');
    await mkdir(none);
    await writeFile(join(none, 'haco.json'), JSON.stringify(emptyNote));
    const criu = await fake('exec sleep 600');
    await expectNothingLeft(async () => {
      const restoring = base().signal(AbortSignal.timeout(300)).restore(none, { criu });
      expect((await restoring)._unsafeUnwrapErr().message).toBe(
        "Can't restore the container while it was killed before it was restored; restore it again.",
      );
    });
  });
});
