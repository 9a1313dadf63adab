/** From a `config.json` to a builder. */
import { err, ok, type Result } from 'neverthrow';
import {
  haco,
  InvalidSpecError,
  issue,
  misfits,
  readArguments,
  type Builder,
  type Issue,
  type Shape,
} from '@haco/core';
import { Import, type CopyUp } from './import/import.js';
import { readConfig } from './import/schema.js';
import { importLinux } from './import/linux.js';
import type { OwnMap } from './import/mount-maps.js';
import { importMounts } from './import/mounts.js';
import { importProcess } from './import/process.js';
import { importResources } from './import/resources.js';
import { importRoot } from './import/root.js';
import { withoutNulls } from './import/without-nulls.js';

/** How a `config.json` is read. */
export interface ImportOptions {
  /** Absolute path of the bundle's directory, to which `root.path` and sources of bind mounts are relative. */
  readonly bundle?: string;
  /**
   * Differences that are fine: paths such as `mounts[1].options` or `linux.cgroupsPath`, as the errors name them. Each stands for what
   * is below it, too. What is wrong stays wrong.
   */
  readonly accept?: readonly string[];
  /** Make mount points that are missing in the root directory itself, which changes it, as other runtimes do. Otherwise they must be there. */
  readonly stubs?: boolean;
}

/**
 * A builder for the container that a `config.json` of the OCI runtime specification (1.0 to 1.2, Linux) describes. What haco can't do, or does
 * differently, is an error too, unless `accept` names it: nothing is dropped silently.
 *
 * Errors: `invalid-spec`, with every problem and its path in the `config.json`.
 *
 * @param json - the parsed JSON
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { orThrow } from '@haco/core';
 * import { fromConfig } from '@haco/oci';
 * const config: unknown = JSON.parse(readFileSync('/srv/bundle/config.json', 'utf8'));
 * console.log(String(orThrow(orThrow(fromConfig(config, { bundle: '/srv/bundle' })).explain())));
 * ```
 */
export function fromConfig(json: unknown, options: ImportOptions = {}): Result<Builder, InvalidSpecError> {
  return importForRuntime(json, options).map(({ builder }) => builder);
}

/** A builder, with what is to be done beside its plan. */
export interface Imported {
  readonly builder: Builder;
  readonly copyUps: readonly CopyUp[];
  readonly ownMaps: readonly OwnMap[];
}

const optionsShape: Shape = {
  fields: { bundle: { optional: 'text' }, accept: { optional: { list: 'text' } }, stubs: { optional: 'flag' } },
};

/** The same for the runtime, which does more than a builder can say. */
export function importForRuntime(json: unknown, options: ImportOptions): Result<Imported, InvalidSpecError> {
  return readArguments({ json, options }, 'the configuration', (given) =>
    misfits(given.options, optionsShape, 'options'),
  ).andThen((given) => importConfig(given.json, given.options));
}

function importConfig(
  json: unknown,
  { bundle, accept = [], stubs = false }: ImportOptions,
): Result<Imported, InvalidSpecError> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return err(new InvalidSpecError({ issues: [issue('', 'the configuration must be an object')] }));
  }
  const into = new Import(accept, stubs);
  const config = readConfig(withoutNulls(json), into);
  // With a value of the wrong type, what comes next would only report its consequences.
  if (into.issues.length > 0) return err(new InvalidSpecError({ issues: into.issues }));
  importProcess(config, into);
  importRoot(config, bundle, into);
  importMounts(config, bundle, into);
  if (stubs) into.set('mounts', 'stubs', true, 'root');
  importLinux(config, into);
  importResources(config, into);
  const inSpec = haco
    .fromSpec({ version: 1, ...into.sections })
    .andThen((builder) => builder.spec().map(() => builder))
    .mapErr(({ issues }) => issues.map((each) => into.inConfig(each)));
  const issues: readonly Issue[] = [...into.issues, ...(inSpec.isErr() ? inSpec.error : [])];
  return issues.length > 0
    ? err(new InvalidSpecError({ issues }))
    : ok({ builder: inSpec._unsafeUnwrap(), copyUps: into.copyUps, ownMaps: into.ownMaps });
}
