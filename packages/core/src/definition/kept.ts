/** Definitions whose translation is at hand: most import nothing but haco, and then the translator need not be loaded, which takes 40 ms. */
import { readFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, extname } from 'node:path';
import { Script } from 'node:vm';
import { inPrivateDirectory, keepPrivately } from '@haco/sys';

/** The form of what is kept: a new one when the translator or this file is another. */
const form = 'jiti 2, 1';

/** Modules by the names under which a definition imports them. */
export type OwnModules = Readonly<Record<string, unknown>>;

/** Gives ES modules as the body of an async function, with `jitiImport` in place of `import`. */
export type Translate = (source: string) => Promise<string>;

/** What is evaluated, and with what. */
export interface Definition {
  /** Absolute path of the file. */
  readonly path: string;
  readonly ownModules: OwnModules;
  /** Where translations are kept: a directory of this user's own. */
  readonly directory: string;
}

/** What a translated file is called with. */
const parameters = ['exports', 'module', '__filename', '__dirname', 'jitiImport'];

/** ES modules by their names: what CommonJS does with `require` is for the translator. */
const extensions: ReadonlySet<string> = new Set(['.ts', '.mts', '.mjs']);

/** Names of Node's own modules, as they may be written. */
const builtins: ReadonlySet<string> = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** What is kept of one definition. */
interface Kept {
  readonly form: string;
  readonly path: string;
  readonly source: string;
  readonly code: string;
}

/**
 * The module's namespace; undefined when it imports files and packages, which the translator finds. Throws what the module throws.
 *
 * @param translate - called when what is kept is not the file as it is now
 */
export async function evaluateKept(definition: Definition, translate: Translate): Promise<unknown> {
  const { path, directory, ownModules } = definition;
  if (!extensions.has(extname(path))) return undefined;
  const source = readFileSync(path, 'utf8');
  const name = fileName(path);
  const kept = inPrivateDirectory(directory, (own) => JSON.parse(readFileSync(`${own}/${name}`, 'utf8')) as Kept);
  if (kept?.form === form && kept.path === path && kept.source === source) return evaluate(definition, kept.code);
  const code = await translate(source);
  if (!importsOnly(code, ownModules)) return undefined;
  keepPrivately(directory, name, JSON.stringify({ form, path, source, code } satisfies Kept));
  return evaluate(definition, code);
}

/** One file for each path; two paths may share one, which then is that of the last. */
function fileName(path: string): string {
  return `${path.replace(/[^\w.-]/g, '_').slice(-200)}.json`;
}

/** Whether every import is of a module that is here, or of Node's. */
function importsOnly(code: string, ownModules: OwnModules): boolean {
  if (/\b(?:require|jitiESMResolve|__JITI_ERROR__)\b/.test(code)) return false;
  const imports = [...code.matchAll(/\bjitiImport\b(?:\(\s*(["'])([^"'\\]+)\1\s*\))?/g)];
  return imports.every(([, , name]) => name !== undefined && (Object.hasOwn(ownModules, name) || builtins.has(name)));
}

async function evaluate({ path, ownModules }: Definition, code: string): Promise<unknown> {
  const before = `(async function (${parameters.join(', ')}) {`;
  // Lines and columns of errors are those of the translation, which keeps lines.
  const script = new Script(`${before}${code}\n})`, { filename: path, columnOffset: -before.length });
  const define = script.runInThisContext() as (...args: readonly unknown[]) => Promise<void>;
  const module = { exports: {} as unknown };
  const beside = createRequire(path);
  const load = (name: string): unknown => (Object.hasOwn(ownModules, name) ? ownModules[name] : beside(name));
  await define.call(undefined, module.exports, module, path, dirname(path), load);
  return module.exports;
}
