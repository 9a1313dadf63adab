import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fn, git, lxc, prepareRootfs, type RootfsSpec, shell } from '../index.js';

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

const make = async (spec: RootfsSpec, signal?: AbortSignal) =>
  prepareRootfs(spec, { onProgress: (line) => lines.push(line), ...(signal === undefined ? {} : { signal }) });

async function failureOf(spec: RootfsSpec) {
  const error = (await make(spec))._unsafeUnwrapErr();
  expect(fs.readdirSync(box).filter((name) => name.startsWith('target'))).toEqual([]);
  return error;
}

describeWith(['root', 'tool:lxc-create'], 'a root from a template of LXC', () => {
  const template = (body: string) => {
    const path = join(box, 'template');
    fs.writeFileSync(path, `#!/bin/sh\n${body}`, { mode: 0o755 });
    return path;
  };

  it('is made by the template, which is told name, place and arguments', async () => {
    const path = template(`
      for arg; do case "$arg" in --rootfs=*) root=\${arg#--rootfs=};; esac; done
      echo "making it"; mkdir -p "$root/etc"; echo "$@" > "$root/etc/arguments"; chown 5:6 "$root/etc/arguments"`);
    const known = fs.existsSync('/var/lib/lxc') ? fs.readdirSync('/var/lib/lxc') : [];
    const result = await expectNothingLeft(() => make(lxc(path, { target, args: ['--release', 'v1'] })), {
      ignore: new RegExp(`${box}/`),
    });
    expect(result.isOk() || result.error).toBe(true);
    expect(fs.readFileSync(join(target, 'etc/arguments'), 'utf8')).toMatch(/--name=target .*--release v1/);
    expect(fs.statSync(join(target, 'etc/arguments')).uid).toBe(5);
    expect(lines).toContain('making it');
    expect(fs.readdirSync(box).sort()).toEqual(['target', 'template']);
    expect(fs.existsSync('/var/lib/lxc') ? fs.readdirSync('/var/lib/lxc') : []).toEqual(known);
  });

  it('that fails is told with the last words of the template', async () => {
    const error = await failureOf(lxc(template('echo "no mirror" >&2; exit 3'), { target }));
    expect(error).toMatchObject({ kind: 'tool', package: 'lxc', cleanup: [] });
    expect(error.kind === 'tool' && error.stderr).toContain('no mirror');
  });
});

describeWith(['tool:git'], 'a root from a git repository', () => {
  let repository: string;
  const inside = (...args: readonly string[]) => {
    const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example', '-c', 'init.defaultBranch=main'];
    const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout.trim();
  };

  beforeEach(() => {
    repository = join(box, 'repository');
    fs.mkdirSync(repository);
    inside('init', '-q');
    for (const version of ['1', '2', '3']) {
      fs.writeFileSync(join(repository, 'version'), version);
      inside('add', '.');
      inside('commit', '-q', '-m', version);
      if (version !== '3') inside('tag', `v${version}`);
    }
    inside('branch', 'old', 'v1');
  });

  const version = () => fs.readFileSync(join(target, 'version'), 'utf8');
  const commits = () =>
    spawnSync('git', ['-C', target, 'rev-list', '--count', 'HEAD'], { encoding: 'utf8' }).stdout.trim();

  it.each<[string, () => Partial<Parameters<typeof git>[1]>, string, string]>([
    ['as it is', () => ({}), '3', '3'],
    ['of a tag', () => ({ ref: 'v2' }), '2', '2'],
    ['of a branch', () => ({ ref: 'old' }), '1', '1'],
    ['of a commit', () => ({ ref: inside('rev-parse', 'v2') }), '2', '2'],
    ['without its history', () => ({ depth: 1 }), '3', '1'],
  ])('%s', async (_name, options, wanted, count) => {
    const url = `file://${repository}`;
    const result = await make(git(url, { target, ...options() }));
    expect(result.isOk() || result.error).toBe(true);
    expect([version(), commits()]).toEqual([wanted, count]);
    expect(fs.existsSync(join(target, '.git/hooks'))).toBe(false);
  });

  it('that is not there is told with what git said', async () => {
    const error = await failureOf(git(join(box, 'nowhere'), { target }));
    expect(error).toMatchObject({ kind: 'tool', package: 'git' });
    expect(error.kind === 'tool' && error.stderr).toContain('nowhere');
    expect((await failureOf(git(repository, { target, ref: 'no-such' }))).kind).toBe('tool');
  });
});

describe('a root from a script', () => {
  it('is what it left in its directory; its commands are echoed', async () => {
    const result = await make(shell('echo "$WORD" > file; pwd > "$ROOT/where"; cat', { target, env: { WORD: 'hi' } }));
    expect(result.isOk() || result.error).toBe(true);
    expect(fs.readdirSync(target).sort()).toEqual(['file', 'where']);
    expect(fs.readFileSync(join(target, 'file'), 'utf8')).toBe('hi\n');
    expect(fs.readFileSync(join(target, 'where'), 'utf8')).toContain('.haco-partial-');
    expect(lines).toContain('+ echo hi');
  });

  it('may be longer than an argument of a program can be', async () => {
    expect((await make(shell(`${'# a long comment\n'.repeat(20_000)}echo > file`, { target }))).isOk()).toBe(true);
  });

  it('that fails at its first failing command is told with its last words, and nothing is left', async () => {
    const error = await failureOf(shell('touch file; echo "no way" >&2; false; touch never', { target }));
    expect(error).toMatchObject({ kind: 'tool', exitCode: 1, cleanup: [] });
    expect(error.kind === 'tool' && error.stderr).toBe('+ touch file\n+ echo no way\nno way\n+ false');
  });

  it('that is cancelled ends with all its children', async () => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 500);
    const marker = `7${String(process.pid)}`;
    const error = (
      await make(shell(`touch file; sleep ${marker} & wait`, { target }), controller.signal)
    )._unsafeUnwrapErr();
    expect(error.kind).toBe('state');
    expect(spawnSync('pgrep', ['-f', `^sleep ${marker}`]).stdout.toString()).toBe('');
    expect(fs.readdirSync(box)).toEqual([]);
  });
});

describe('a root from a function', () => {
  it('is what it left in its directory', async () => {
    const spec = fn(
      ({ target: path }) => {
        fs.writeFileSync(join(path, 'a'), '');
      },
      { target },
    );
    expect((await make(spec)).isOk()).toBe(true);
    expect(fs.readdirSync(target)).toEqual(['a']);
  });
});
