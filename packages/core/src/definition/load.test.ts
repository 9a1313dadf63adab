import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAnyDefinition, loadDefinition, orThrow } from '../index.js';

const directory = mkdtempSync(join(tmpdir(), 'definitions-of-haco-'));
process.env['XDG_CACHE_HOME'] = join(directory, 'cache');
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function load(name: string, content: string) {
  const { builder } = await orThrow(loadDefinition(file(name, content)));
  return orThrow(builder.spec());
}

async function failure(name: string, content: string): Promise<string> {
  const loaded = await loadDefinition(file(name, content));
  return loaded._unsafeUnwrapErr().message;
}

describe('a definition', () => {
  it('in TypeScript default-exports a builder of this very copy of haco', async () => {
    const { builder, kind, path } = await orThrow(
      loadDefinition(
        file(
          'one.haco.ts',
          `import { haco, type Builder } from '@haco/core';
           interface Words { readonly name: string }
           const words: Words = { name: 'one' };
           const builder: Builder = haco().name(words.name).command('true');
           export default builder;`,
        ),
      ),
    );
    expect([kind, path]).toEqual(['container', join(directory, 'one.haco.ts')]);
    expect(orThrow(builder.spec()).identity.name).toBe('one');
    const { haco } = await import('../index.js');
    expect(builder.constructor).toBe(haco().constructor);
  });

  it('may have any of the usual names', async () => {
    const module = `import { haco } from '@haco/core'; export default haco().name('x');`;
    for (const name of ['a.ts', 'a.mts', 'a.mjs', 'a.js']) {
      expect((await load(name, module)).identity.name).toBe('x');
    }
    const common = `const { haco } = require('@haco/core'); module.exports = haco().name('x');`;
    for (const name of ['a.cjs', 'a.cts']) expect((await load(name, common)).identity.name).toBe('x');
  });

  it('may be a function, also an async one, that is told where it is and what for', async () => {
    const path = file(
      'function.haco.ts',
      `import { haco, type DefinitionContext } from '@haco/core';
       export default async ({ path, command, args }: DefinitionContext) =>
         haco().name('x').env({ path, command, args: args.join(' ') });`,
    );
    const { builder } = await orThrow(loadDefinition(path, { command: 'run', args: ['a', 'b'] }));
    expect(orThrow(builder.spec()).process.env).toEqual({ path, command: 'run', args: 'a b' });
  });

  it('may wait at its top level, and import other files, which are read anew each time', async () => {
    const shared = (name: string) => file('shared.ts', `export const name: string = '${name}';`);
    const text = `import { haco } from '@haco/core';
      import { name } from './shared.ts';
      await Promise.resolve();
      export default haco().name(name);`;
    shared('first');
    expect((await load('importing.haco.ts', text)).identity.name).toBe('first');
    shared('second');
    expect((await load('importing.haco.ts', text)).identity.name).toBe('second');
  });

  it('may be a cluster, for those who can start one', async () => {
    const path = file(
      'shop.haco.ts',
      `import { cluster, haco } from '@haco/core';
       export default cluster({ web: { builder: haco().command('true'), count: 2 } });`,
    );
    const definition = await orThrow(loadAnyDefinition(path));
    expect(definition.kind === 'cluster' && orThrow(definition.cluster.containers()).map(({ name }) => name)).toEqual([
      'web-1',
      'web-2',
    ]);
    expect((await loadDefinition(path))._unsafeUnwrapErr().message).toBe(
      `The spec is invalid: ${path}: it is a cluster, which is several containers; give the file of one container.`,
    );
  });

  it('is translated each time where nothing can be kept', async () => {
    const kept = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = file('no-directory', '');
    const text = `import { haco } from '@haco/core'; const name: string = 'x'; export default haco().name(name);`;
    expect((await load('uncached.haco.ts', text)).identity.name).toBe('x');
    process.env['XDG_CACHE_HOME'] = kept;
  });
});

describe('the translation of a definition', () => {
  const translations = join(directory, 'cache/haco/definitions');
  const kept = (name: string) => readdirSync(translations).filter((file) => file.endsWith(`_${name}.json`));
  const text = (name: string) => `import { haco } from '@haco/core';
    import { basename } from 'node:path';
    const name: string = basename('/a/${name}');
    export default haco().name(name);`;

  it('is kept, and used while the file is what it was', async () => {
    const nameOf = async (content: string) => (await load('kept.haco.ts', content)).identity.name;
    expect(await nameOf(text('one'))).toBe('one');
    const [file = ''] = kept('kept.haco.ts');
    const path = join(translations, file);
    const translation = JSON.parse(readFileSync(path, 'utf8')) as { readonly code: string };
    writeFileSync(path, JSON.stringify({ ...translation, code: translation.code.replace('/a/one', '/a/kept') }));
    expect(await nameOf(text('one'))).toBe('kept');
    expect(await nameOf(text('two'))).toBe('two');
    expect(await nameOf(text('one'))).toBe('one');
    expect(kept('kept.haco.ts')).toEqual([file]);
  });

  it('is not kept of one that imports files and packages: they may change, too', async () => {
    file('imported.ts', `export const name: string = 'imported';`);
    const importing = text('x').replace('node:path', './imported.js').replace('basename', 'name as basename');
    void (await loadDefinition(file('with-file.haco.ts', importing)));
    const late = `export default async () => { const { name } = await import('./imported.ts'); return (await import('@haco/core')).haco().name(name); };`;
    expect((await load('with-import.haco.ts', late)).identity.name).toBe('imported');
    expect([...kept('with-file.haco.ts'), ...kept('with-import.haco.ts')]).toEqual([]);
  });

  it('is neither kept nor believed where others can write', async () => {
    chmodSync(translations, 0o777);
    expect((await load('open.haco.ts', text('x'))).identity.name).toBe('x');
    expect(kept('open.haco.ts')).toEqual([]);
    chmodSync(translations, 0o700);
  });
});

describe('a definition that is wrong says where and why:', () => {
  const at = (name: string) => join(directory, name);

  it('missing', async () => {
    const loaded = await loadDefinition(at('missing.haco.ts'));
    expect(loaded._unsafeUnwrapErr().message).toBe(
      `There is no definition "${at('missing.haco.ts')}"; correct the path, or write one with "haco new".`,
    );
  });

  it('a directory, or a file of another kind', async () => {
    mkdirSync(at('directory.ts'));
    const loaded = await loadDefinition(at('directory.ts'));
    expect(loaded._unsafeUnwrapErr().message).toBe(
      `The spec is invalid: ${at('directory.ts')}: is no regular file; give the path of a definition.`,
    );
    expect(await failure('x.yaml', '')).toBe(
      `The spec is invalid: ${at('x.yaml')}: is no definition by its name; name it with .ts, .mts, .cts, .js, .mjs, .cjs.`,
    );
  });

  it('a syntax error', async () => {
    expect(
      await failure('syntax.haco.ts', `import { haco } from '@haco/core';\nconst a: = 3;\nexport default haco();`),
    ).toBe(`The spec is invalid: ${at('syntax.haco.ts')}:2:9: syntax error: Unexpected token; mend it there.`);
  });

  it('throws', async () => {
    expect(await failure('throws.haco.ts', `import { haco } from '@haco/core';\nexport default haco().nope();`)).toBe(
      `The spec is invalid: ${at('throws.haco.ts')}:2: the definition threw TypeError: haco(...).nope is not a function; mend it there.`,
    );
    expect(await failure('text.haco.ts', `throw 'no';`)).toBe(
      `The spec is invalid: ${at('text.haco.ts')}: the definition threw "no"; throw an Error, which tells where.`,
    );
    expect(
      await failure('rejects.haco.ts', `\nexport default async () => {\n  throw new RangeError('too far');\n};`),
    ).toBe(`The spec is invalid: ${at('rejects.haco.ts')}:3: the definition threw RangeError: too far; mend it there.`);
  });

  it('imports what is not there', async () => {
    expect(await failure('imports.haco.ts', `import 'no-such-package';\nexport default 1;`)).toBe(
      `The spec is invalid: ${at('imports.haco.ts')}: Cannot find module 'no-such-package'; install the package beside the definition, or correct the path.`,
    );
  });

  it('no default export', async () => {
    expect(await failure('no-default.haco.ts', `export const a = 1;`)).toBe(
      `The spec is invalid: ${at('no-default.haco.ts')}: the definition has no default export; write "export default haco()…".`,
    );
  });

  it.each([
    ['number', 'export default 3;', 'it default-exports a number'],
    ['text', 'export default "x";', 'it default-exports the text "x"'],
    ['null', 'export default null;', 'it default-exports null'],
    ['object', 'export default {};', 'it default-exports an object (Object)'],
    ['nothing', 'export default () => undefined;', 'the function that it default-exports returns undefined'],
    [
      'result',
      `import { haco } from '@haco/core';\nexport default haco().check();`,
      'it default-exports a Result (leave out run() and start())',
    ],
  ])('the wrong type: %s', async (name, text, what) => {
    expect(await failure(`${name}.haco.ts`, text)).toBe(
      `The spec is invalid: ${at(`${name}.haco.ts`)}: ${what}; it must be a builder (haco()…), a cluster, or a function that returns one.`,
    );
  });
});
