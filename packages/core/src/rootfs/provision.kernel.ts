import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { warmUp } from '../fixture.js';
import { fn, haco } from '../index.js';

let box: string;
let target: string;
let lines: string[];

// What this process keeps from its first start on is no leftover.
beforeAll(warmUp);

beforeEach(() => {
  box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
  fs.chmodSync(box, 0o755);
  target = join(box, 'root');
  lines = [];
});

afterEach(() => {
  fs.rmSync(box, { recursive: true, force: true });
});

/** A shell and its tools, without any mount point. */
const tiny = () =>
  fn(
    ({ target: root }) => {
      fs.mkdirSync(join(root, 'bin'));
      fs.copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
      for (const name of [
        'sh',
        'cat',
        'id',
        'touch',
        'echo',
        'mount',
        'hostname',
        'sleep',
        'wc',
        'seq',
        'ls',
        'false',
      ]) {
        fs.symlinkSync('busybox', join(root, 'bin', name));
      }
    },
    { target },
  );

const base = () => haco().unshare('mount').rootfs(tiny());
const onProgress = (line: string) => lines.push(line);
const names = () => fs.readdirSync(target).sort();

describeWith(['busybox'], 'provisioning', () => {
  it('runs each script once, inside, echoed, with the resolver files of the host', async () => {
    const builder = base()
      .provision(
        'first',
        'id -u; hostname >/dev/null; cat /etc/hosts > /seen; cat; ls /proc/1 >/dev/null; touch /tmp/gone',
      )
      .provision('second', 'echo again >> /count');
    const created = await expectNothingLeft(() => builder.create({ onProgress }), { ignore: new RegExp(box) });
    expect(created.isOk() || created.error).toBe(true);
    expect(created._unsafeUnwrap()).toEqual({ root: target, provisioned: ['first', 'second'] });
    expect(lines).toContain('first: + id -u');
    expect(lines).toContain('first: 0');
    expect(fs.readFileSync(join(target, 'seen'), 'utf8')).toBe(fs.readFileSync('/etc/hosts', 'utf8'));
    expect(fs.readdirSync(join(target, 'tmp'))).toEqual([]);

    expect((await builder.create())._unsafeUnwrap().provisioned).toEqual([]);
    expect((await builder.command('cat', '/count').run())._unsafeUnwrap().stdout).toBe('again\n');
    // Nothing of haco's own is in the root.
    expect(names()).toEqual(['bin', 'count', 'dev', 'etc', 'proc', 'seen', 'sys', 'tmp']);
    expect(fs.readdirSync(box).sort()).toEqual(['root', 'root.haco.json']);
  });

  it('goes on where it failed; what failed is told with its last words', async () => {
    const failing = base()
      .provision('one', 'echo 1 >> /one')
      .provision('two', 'echo "no way" >&2; false; touch /never');
    const error = (await failing.create())._unsafeUnwrapErr();
    expect(error).toMatchObject({ kind: 'tool', exitCode: 1 });
    expect(error.message).toBe(
      'The command "/bin/sh -xe two" exited with code 1; its last words: + echo \'no way\'\nno way\n+ false.',
    );
    // A root that is half provisioned is completed before anything starts in it.
    const mended = base().provision('one', 'echo 1 >> /one').provision('two', 'echo 2 >> /two');
    const outcome = (await mended.command('cat', '/one', '/two').run())._unsafeUnwrap();
    expect(outcome.stdout).toBe('1\n2\n');
    expect(names()).not.toContain('never');
  });

  it('tells what a script said before what the shell echoed of it since', async () => {
    const script = 'echo "no way" >&2; for i in 1 2 3 4 5 6 7 8; do test -n "$i"; : "$i"; done; false';
    const { message } = (await base().provision('long', script).create())._unsafeUnwrapErr();
    expect(message).toContain('its last words: no way\n+ ');
    expect(message).toMatch(/\n\+ false\.$/);
  });

  it('does what is asked for: only some, not some, none, again, changed ones', async () => {
    const with_ = (text: string) => base().provision('a', `echo ${text} >> /a`).provision('b', 'echo b >> /b');
    const done = async (...[options]: Parameters<ReturnType<typeof with_>['create']>) =>
      (await with_('a').create(options))._unsafeUnwrap().provisioned;
    expect(await done({ provision: false })).toEqual([]);
    expect(await done({ skip: ['a'] })).toEqual(['b']);
    expect(await done({ only: ['b'] })).toEqual(['b']);
    expect(await done()).toEqual(['a']);
    expect(await done({ again: true })).toEqual(['a', 'b']);
    expect((await with_('changed').create())._unsafeUnwrap().provisioned).toEqual(['a']);
    expect(fs.readFileSync(join(target, 'a'), 'utf8')).toBe('a\na\nchanged\n');
    expect((await with_('a').create({ only: ['c'] }))._unsafeUnwrapErr().message).toBe(
      'The spec is invalid: only[0]: "c" is no step; there are a, b.',
    );
  });

  it('runs functions, which may run scripts inside', async () => {
    const builder = base().provision('function', async ({ target: root, sh }) => {
      fs.writeFileSync(join(root, 'by-function'), '');
      return sh('touch /by-script');
    });
    expect((await builder.create())._unsafeUnwrap().provisioned).toEqual(['function']);
    expect(names()).toEqual(expect.arrayContaining(['by-function', 'by-script']));
    const failing = base().provision('failing', () => {
      throw new Error('no way');
    });
    expect((await failing.create())._unsafeUnwrapErr().kind).toBe('hook');
  });

  it('takes scripts longer than a pipe or an argument can be', async () => {
    const long = `${'# a long comment, many times\n'.repeat(10_000)}touch /reached`;
    expect((await base().provision('long', long).create()).isOk()).toBe(true);
    expect(names()).toContain('reached');
  });

  it('is done by one program at a time; the other finds it done', async () => {
    const builder = () => base().provision('slow', 'echo x >> /count; sleep 0.3');
    const both = await Promise.all([builder().create(), builder().create()]);
    expect(both.map((one) => one._unsafeUnwrap().provisioned.length).sort()).toEqual([0, 1]);
    expect(fs.readFileSync(join(target, 'count'), 'utf8')).toBe('x\n');
  });

  it('can be cancelled, and begins anew', async () => {
    const controller = new AbortController();
    const builder = base().provision('slow', 'touch /begun; sleep 60');
    const result = await expectNothingLeft(
      () =>
        builder.create({
          signal: controller.signal,
          onProgress: (line) => {
            if (line.includes('sleep')) controller.abort();
          },
        }),
      { ignore: new RegExp(box) },
    );
    expect(result._unsafeUnwrapErr().kind).toBe('state');
    expect(names()).toContain('begun');
    expect((await base().provision('slow', 'true').create())._unsafeUnwrap().provisioned).toEqual(['slow']);
  });

  it('needs a root of its own', async () => {
    const error = (await haco().provision('a', 'true').create())._unsafeUnwrapErr();
    expect(error.kind).toBe('invalid-spec');
  });

  it.skipIf(process.geteuid?.() !== 0)('can not undo what confines it', async () => {
    const error = (await base().provision('mount', 'mount -t tmpfs none /bin').create())._unsafeUnwrapErr();
    expect(error.kind).toBe('tool');
  });
});
