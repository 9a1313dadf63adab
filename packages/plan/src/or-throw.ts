/** For scripts and tests: the value of a result, or its error thrown. */
import { ResultAsync, type Result } from 'neverthrow';

/**
 * The value, or the error thrown.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * const outcome = await orThrow(haco().command('/bin/true').run());
 * ```
 */
export function orThrow<T, E>(result: ResultAsync<T, E>): Promise<T>;
export function orThrow<T, E>(result: Result<T, E>): T;
export function orThrow<T, E>(result: ResultAsync<T, E> | Result<T, E>): Promise<T> | T {
  if (result instanceof ResultAsync) {
    return result.match(
      (value) => value,
      (error) => {
        throw thrown(error);
      },
    );
  }
  if (result.isErr()) throw thrown(result.error);
  return result.value;
}

/** haco's errors are Errors; whatever else a result carries is wrapped. */
function thrown(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
