/** Definitions: files that say what a container is, e.g. `my.haco.ts`, and how they become builders. */
import { accessSync, constants, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { misfits, quote, readArguments, type HacoError, type InvalidSpecError, type Shape } from '@haco/plan';
import { brandOf } from '../brand.js';
import type { Builder } from '../builder.js';
import type { Cluster } from '../cluster/cluster.js';
import { definitionExtensions } from './extensions.js';
import { definitionProblem, thrownBy, unreadable } from './problem.js';

/** What a definition that is a function is told. */
export interface DefinitionContext {
  /** Absolute path of the file. */
  readonly path: string;
  /** What it is loaded for: a command of the command line, e.g. `run`; empty when nobody said. */
  readonly command: string;
  /** Words of the caller, e.g. what stands after `--`. */
  readonly args: readonly string[];
}

/** What a definition file default-exports: a builder or a cluster, or a function that makes one. */
export type DefinitionExport =
  Builder | Cluster | ((context: DefinitionContext) => Builder | Cluster | PromiseLike<Builder | Cluster>);

/** A definition that has been loaded. */
export interface Definition {
  readonly kind: 'container';
  /** Absolute path of the file. */
  readonly path: string;
  readonly builder: Builder;
}

/** A definition of several containers that has been loaded. */
export interface ClusterDefinition {
  readonly kind: 'cluster';
  /** Absolute path of the file. */
  readonly path: string;
  readonly cluster: Cluster;
}

/** What {@link loadDefinition} takes besides the path. */
export type LoadOptions = Partial<Omit<DefinitionContext, 'path'>>;

/**
 * Load a definition: a file in TypeScript or JavaScript whose default export is a builder, or a function that returns one, also a
 * promise of one. Nothing has to be built, and nothing has to be installed beside it: `@haco/core` means the copy that loads. It is
 * read anew at each call, with the files that it imports. Evaluating a definition runs it, with all rights of this process.
 *
 * Errors: `not-found`, when there is no such file; `invalid-spec`, whose path is the place in the file, when it throws, has a syntax
 * error, or default-exports something else; a cluster is something else, too, see {@link loadAnyDefinition}.
 *
 * @param path - of the file, relative to the working directory
 *
 * @example
 * ```ts
 * import { loadDefinition, orThrow } from '@haco/core';
 * const { builder } = await orThrow(loadDefinition('my.haco.ts'));
 * const outcome = await orThrow(builder.run());
 * ```
 */
export function loadDefinition(path: string, options: LoadOptions = {}): ResultAsync<Definition, HacoError> {
  return loadAnyDefinition(path, options).andThen((definition) => {
    if (definition.kind === 'container') return ok(definition);
    const message = 'it is a cluster, which is several containers; give the file of one container';
    return err(definitionProblem(definition.path, message));
  });
}

/**
 * As {@link loadDefinition}, of a container or of a cluster: `kind` tells.
 *
 * @example
 * ```ts
 * import { loadAnyDefinition, orThrow } from '@haco/core';
 * const definition = await orThrow(loadAnyDefinition('shop.haco.ts'));
 * if (definition.kind === 'cluster') await orThrow(definition.cluster.start());
 * ```
 */
export function loadAnyDefinition(
  path: string,
  options: LoadOptions = {},
): ResultAsync<Definition | ClusterDefinition, HacoError> {
  return new ResultAsync(Promise.resolve(contextOf(path, options))).andThen(
    (context) => new ResultAsync(load(context)),
  );
}

const argumentsShape: Shape = {
  fields: {
    path: 'text',
    options: { fields: { command: { optional: 'text' }, args: { optional: { list: 'text' } } } },
  },
};

function contextOf(path: string, options: LoadOptions): Result<DefinitionContext, InvalidSpecError> {
  return readArguments({ path, options }, 'what loadDefinition() was given', (given) =>
    misfits(given, argumentsShape, ''),
  ).map((given) => {
    const { command = '', args = [] } = given.options;
    return { path: resolve(given.path), command, args };
  });
}

async function load(context: DefinitionContext): Promise<Result<Definition | ClusterDefinition, HacoError>> {
  const { path } = context;
  const file = checkFile(path);
  if (file.isErr()) return err(file.error);
  try {
    // Translating is only loaded when somebody has a definition.
    const { evaluate } = await import('./evaluate.js');
    const exported = exportOf(await evaluate(path));
    if (exported === undefined) {
      const remedy = 'write "export default haco()…"';
      return err(definitionProblem(path, `the definition has no default export; ${remedy}`));
    }
    const isFunction = typeof exported === 'function' && brandOf(exported) === undefined;
    const value: unknown = isFunction
      ? await (exported as (context: DefinitionContext) => unknown)(context)
      : await (exported as Promise<unknown>);
    if (brandOf(value) === 'builder') return ok({ kind: 'container', path, builder: value as Builder });
    if (brandOf(value) === 'cluster') return ok({ kind: 'cluster', path, cluster: value as Cluster });
    const what = isFunction ? 'the function that it default-exports returns' : 'it default-exports';
    const wanted = 'it must be a builder (haco()…), a cluster, or a function that returns one';
    return err(definitionProblem(path, `${what} ${describe(value)}; ${wanted}`));
  } catch (thrown) {
    return err(thrownBy(path, thrown));
  }
}

/** The default export; of a CommonJS module, what it exports. */
function exportOf(module: unknown): unknown {
  if (typeof module === 'function' || brandOf(module) !== undefined) return module;
  return (module as { readonly default?: unknown } | null | undefined)?.default;
}

function checkFile(path: string): Result<void, HacoError> {
  try {
    if (!statSync(path).isFile())
      return err(definitionProblem(path, 'is no regular file; give the path of a definition'));
    accessSync(path, constants.R_OK);
  } catch (error) {
    return err(unreadable(path, (error as NodeJS.ErrnoException).code ?? 'an error'));
  }
  if (definitionExtensions.includes(extname(path))) return ok();
  return err(definitionProblem(path, `is no definition by its name; name it with ${definitionExtensions.join(', ')}`));
}

/** A value, for people. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'object') {
    const name = (value as { readonly constructor?: { readonly name?: string } }).constructor?.name ?? 'Object';
    return name === 'ResultAsync' || name === 'Ok' || name === 'Err'
      ? 'a Result (leave out run() and start())'
      : `an object (${name})`;
  }
  return `a ${typeof value}`;
}
