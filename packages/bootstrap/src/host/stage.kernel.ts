import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errAsync } from 'neverthrow';
import { nodeWith } from '@haco/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BootstrapContext, prepareRootfs, rootfsPart } from '../index.js';
import { readRecord, writeRecord } from './record.js';
import { runTool } from './tool.js';

let box: string;
let target: string;

beforeEach(() => {
  box = fs.mkdtempSync(join(tmpdir(), 'haco-test-'));
  target = join(box, 'target');
});

afterEach(() => {
  fs.rmSync(box, { recursive: true, force: true });
});

const own = (bootstrap: (context: BootstrapContext) => unknown) => {
  const section = rootfsPart.verbs.rootfs({}, { target, bootstrap });
  if (!('strategy' in section)) throw new Error('refused');
  return section;
};
const fill =
  (text: string) =>
  ({ target: path }: BootstrapContext) => {
    fs.writeFileSync(join(path, 'who'), text);
  };
const who = () => fs.readFileSync(join(target, 'who'), 'utf8');

describe('a root made by a function of the caller', () => {
  it('gets its name when it is finished, not before', async () => {
    const result = await prepareRootfs(
      own((context) => {
        fill('me')(context);
        expect(fs.existsSync(target)).toBe(false);
        expect(context.target).toContain(`${target}.haco-partial-`);
      }),
    );
    expect(result.isOk() || result.error).toBe(true);
    expect(who()).toBe('me');
    expect(fs.statSync(target).mode & 0o777).toBe(0o755);
    expect(fs.readdirSync(box)).toEqual(['target']);
  });

  it('is made once: one that is there and not empty is used as it is', async () => {
    expect((await prepareRootfs(own(fill('first')))).isOk()).toBe(true);
    expect((await prepareRootfs(own(fill('second')))).isOk()).toBe(true);
    expect(who()).toBe('first');
  });

  it('takes the place of an empty directory', async () => {
    fs.mkdirSync(target);
    expect((await prepareRootfs(own(fill('me')))).isOk()).toBe(true);
    expect(who()).toBe('me');
  });

  it('stays behind a symbolic link to an empty directory', async () => {
    fs.mkdirSync(join(box, 'real'));
    fs.symlinkSync('real', target);
    expect((await prepareRootfs(own(fill('me')))).isOk()).toBe(true);
    expect(fs.lstatSync(target).isSymbolicLink()).toBe(true);
    expect(who()).toBe('me');
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no way');
      },
      'no way',
    ],
    ['rejects', () => Promise.reject(new Error('no way')), 'no way'],
    ['returns an err', () => errAsync(new Error('no way')), 'no way'],
  ])('that %s is an error of kind hook, and nothing is left', async (_name, fail, said) => {
    target = join(box, 'a/b/target');
    const result = await prepareRootfs(own((context) => (fill('half')(context), fail())));
    const error = result._unsafeUnwrapErr();
    expect(error.kind).toBe('hook');
    expect(error.message).toBe(`The bootstrap hook failed: ${said}; mend the hook or remove it.`);
    expect(fs.readdirSync(box)).toEqual([]);
  });

  it('that leaves it empty is an error: it would be taken for one still to be made', async () => {
    expect((await prepareRootfs(own(() => undefined)))._unsafeUnwrapErr().message).toContain('nothing was put into it');
    expect(fs.readdirSync(box)).toEqual([]);
  });

  it('is lost in JSON, which counts only where the root is missing', async () => {
    const read = rootfsPart.parse(JSON.parse(JSON.stringify(own(fill('me')))))._unsafeUnwrap();
    expect((await prepareRootfs(read))._unsafeUnwrapErr().kind).toBe('not-found');
    expect((await prepareRootfs(own(fill('me')))).isOk()).toBe(true);
    expect((await prepareRootfs(read)).isOk()).toBe(true);
  });
});

describe('a target that is in the way', () => {
  it.each<[string, () => void]>([
    [
      'a file',
      () => {
        fs.writeFileSync(target, '');
      },
    ],
    [
      'a link to nowhere',
      () => {
        fs.symlinkSync('nowhere', target);
      },
    ],
  ])('%s is a conflict and stays', async (_name, make) => {
    make();
    expect((await prepareRootfs(own(fill('me'))))._unsafeUnwrapErr().kind).toBe('conflict');
    expect(fs.readdirSync(box)).toEqual(['target']);
  });
});

describe('two that make the same target at once', () => {
  it('both succeed, and the root is of one of them', async () => {
    const lines: string[] = [];
    let bothAreAtIt = (): void => undefined;
    const both = new Promise<void>((resolve) => (bothAreAtIt = resolve));
    let begun = 0;
    const slow = (text: string) =>
      prepareRootfs(
        own(async (context) => {
          fill(text)(context);
          if (++begun === 2) bothAreAtIt();
          await both;
        }),
        { onProgress: (line) => lines.push(line) },
      );
    const results = await Promise.all([slow('a'), slow('b')]);
    expect(results.map((result) => result.isOk())).toEqual([true, true]);
    expect(['a', 'b']).toContain(who());
    expect(lines).toEqual([`${target} was made by another program meanwhile; that one is used`]);
    expect(fs.readdirSync(box)).toEqual(['target']);
  });
});

describe('cancelling', () => {
  it('before the start does nothing', async () => {
    const result = await prepareRootfs(own(fill('me')), { signal: AbortSignal.abort() });
    expect(result._unsafeUnwrapErr().kind).toBe('state');
    expect(fs.readdirSync(box)).toEqual([]);
  });

  it('meanwhile leaves nothing, even when the function did not notice', async () => {
    const controller = new AbortController();
    const result = await prepareRootfs(
      own((context) => {
        fill('me')(context);
        controller.abort();
      }),
      { signal: controller.signal },
    );
    expect(result._unsafeUnwrapErr().kind).toBe('state');
    expect(fs.readdirSync(box)).toEqual([]);
  });
});

describe('a maker that is killed', () => {
  it('leaves a half-made root, which the next one takes away; it touches none of a living maker', async () => {
    const index = new URL('../index.ts', import.meta.url).href;
    const script = `
      const { prepareRootfs } = await import(${JSON.stringify(index)});
      await prepareRootfs({ strategy: 'custom', target: ${JSON.stringify(target)}, bootstrap: () => {
        console.log('begun');
        return new Promise((resolve) => setTimeout(resolve, 60_000));
      } });`;
    const [file = '', ...args] = nodeWith(script);
    const cwd = fileURLToPath(new URL('../../../..', import.meta.url));
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const partials = () => fs.readdirSync(box).filter((name) => name.includes('.haco-partial-'));
    expect(partials()).toHaveLength(1);

    expect((await prepareRootfs(own(fill('me')))).isOk()).toBe(true);
    expect(partials(), 'its maker is alive').toHaveLength(1);

    child.kill('SIGKILL');
    await once(child, 'close');
    fs.rmSync(target, { recursive: true });
    expect((await prepareRootfs(own(fill('me')))).isOk()).toBe(true);
    expect(fs.readdirSync(box)).toEqual(['target']);
  });

  it('just after the root has got its name leaves what is known of it', async () => {
    const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const script = `
      import fs from 'node:fs/promises';
      import { syncBuiltinESMExports } from 'node:module';
      const { rename } = fs;
      fs.rename = (from, to) => rename(from, to).then(() => process.kill(process.pid, 'SIGKILL'));
      syncBuiltinESMExports();
      const { makeOnce } = await import(${url('./stage.ts')});
      await makeOnce(${JSON.stringify(target)}, {}, async ({ root }) => {
        await fs.writeFile(root + '/who', 'me');
        return { provisioned: { tools: 'abc' } };
      });`;
    const [file = '', ...args] = nodeWith(script);
    const cwd = fileURLToPath(new URL('../../../..', import.meta.url));
    const [, signal] = (await once(spawn(file, args, { cwd, stdio: 'inherit' }), 'close')) as [null, string];
    expect(signal).toBe('SIGKILL');

    expect(who()).toBe('me');
    expect(await readRecord(target)).toEqual({ provisioned: { tools: 'abc' } });
    await writeRecord(target, { provisioned: { tools: 'def' } });
    expect(await readRecord(target), 'what is known since then counts').toEqual({ provisioned: { tools: 'def' } });
    fs.rmSync(target, { recursive: true });
    fs.mkdirSync(target);
    expect(await readRecord(target), 'another directory').toEqual({});
  });
});

describe('a tool', () => {
  const failure = async (command: readonly [string, ...string[]]) =>
    runTool({ command, package: 'some-package', target: '/x' }).then(
      () => 'nothing',
      (error: Error) => error.message,
    );

  it('that is missing is told with its Debian package', async () => {
    expect(await failure(['haco-no-such-program'])).toBe(
      'Could not start "haco-no-such-program": the program isn\'t installed; install it with "apt-get install some-package".',
    );
  });

  it('that fails is told with its last words, without passwords', async () => {
    expect(await failure(['sh', '-c', 'seq 20 >&2; exit 3 # http://me:secret@mirror/'])).toBe(
      'The command "sh -c seq 20 >&2; exit 3 # http://***@mirror/" exited with code 3; ' +
        'its last words: 9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20.',
    );
  });

  it('that is killed is not taken for missing', async () => {
    expect(await failure(['sh', '-c', 'kill -9 $$'])).toContain('was ended by a signal');
  });
});
