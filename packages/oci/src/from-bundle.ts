/** From the directory of a bundle to a builder. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidSpecError, issue, misfits, NotFoundError, type Builder } from '@haco/core';
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import { fromConfig, type ImportOptions } from './from-config.js';

/**
 * A builder for the container of a bundle: the directory that holds a `config.json`, and usually the root.
 *
 * Errors: `invalid-spec`, as {@link fromConfig}, or when the file isn't JSON; `not-found`, when it can't be read.
 *
 * @example
 * ```ts
 * import { orThrow } from '@haco/core';
 * import { fromBundle } from '@haco/oci';
 * const outcome = await orThrow((await orThrow(fromBundle('/srv/bundle'))).run());
 * ```
 */
export function fromBundle(
  directory: string,
  options: Omit<ImportOptions, 'bundle'> = {},
): ResultAsync<Builder, InvalidSpecError | NotFoundError> {
  const issues = [...misfits(directory, 'text', 'directory'), ...misfits(options, { fields: {} }, 'options')];
  if (issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
  return new ResultAsync(read(resolve(directory), options));
}

async function read(
  bundle: string,
  options: Omit<ImportOptions, 'bundle'>,
): Promise<Result<Builder, InvalidSpecError | NotFoundError>> {
  const file = join(bundle, 'config.json');
  const text = await ResultAsync.fromPromise(readFile(file, 'utf8'), (error) => (error as Error).message);
  if (text.isErr()) {
    const remedy = `a bundle is a directory with a config.json that can be read (${text.error})`;
    return err(new NotFoundError({ what: 'bundle', subject: bundle, remedy }));
  }
  return parse(text.value, file).andThen((json) => fromConfig(json, { ...options, bundle }));
}

function parse(text: string, file: string): Result<unknown, InvalidSpecError> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return err(new InvalidSpecError({ issues: [issue('', `${file} is not JSON (${said})`)] }));
  }
}
