/** Definitions that Node can load by itself: the quick way, for the first one of a process. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What Node says of modules, before it runs any of them, that a loader which translates them may well understand. */
const unreadable: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
]);

// Node never forgets a module: what is loaded a second time, perhaps through another definition, would be that of the first.
let isFirst = true;

/**
 * The module's namespace; undefined when the file needs translation, is none of the first, or would get other copies of the library than this
 * one. Throws what the module throws.
 *
 * @param ownModules - names of packages that must not exist twice
 */
export async function evaluateNatively(path: string, ownModules: readonly string[]): Promise<unknown> {
  if (!isFirst || !isReadable(path) || !sharesModules(path, ownModules)) return undefined;
  isFirst = false;
  try {
    return (await import(pathToFileURL(path).href)) as unknown;
  } catch (error) {
    const isTranslatable = error instanceof SyntaxError || unreadable.has((error as { code?: unknown } | null)?.code);
    if (isTranslatable) return undefined;
    throw error;
  }
}

/** Where Node reads TypeScript it leaves the types out (22.18, 24). */
function isReadable(path: string): boolean {
  const extension = extname(path);
  if (extension === '.mjs') return true;
  return (extension === '.ts' || extension === '.mts') && Reflect.get(process.features, 'typescript') === 'strip';
}

/** Whether these names mean, beside the definition, the files that they mean here, or nothing. Not in a bundle: that is all of them in one. */
function sharesModules(path: string, names: readonly string[]): boolean {
  if (typeof import.meta.resolve !== 'function') return false;
  const beside = createRequire(path);
  return names.every((name) => {
    const there = resolved(() => beside.resolve(name));
    return there === undefined || there === resolved(() => fileURLToPath(import.meta.resolve(name)));
  });
}

function resolved(resolve: () => string): string | undefined {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}
