/** Registered containers: what other programs, and other terminals, have started. */
import { ResultAsync } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { HacoOptions } from '../haco.js';
import type { StateOptions } from '../state/root.js';
import type { ManagedContainer } from './managed-container.js';

/** Which containers: of which state directory, and with which further parts in their specs. */
export interface ContainersOptions extends StateOptions, HacoOptions {}

/** The registered containers of this user. */
export interface Containers {
  /**
   * All of them, by name; also those that have ended and are kept for their outcome. One whose file makes no sense is among them: its
   * `state()` says what is wrong.
   *
   * Errors: `not-found`, when nothing says where state is kept; `permission`, when others may write there; `io`.
   */
  list(): ResultAsync<readonly ManagedContainer[], HacoError>;
  /**
   * One by its name.
   *
   * Errors: as `list()`; `not-found`, when there is none; `invalid-spec`, when that is no name.
   */
  get(name: string): ResultAsync<ManagedContainer, HacoError>;
}

/**
 * The containers that were detached, or started with `register`, by this user: from any process, as long as it looks into the same
 * state directory.
 *
 * @example
 * ```ts
 * import { containers, orThrow } from '@haco/core';
 * for (const container of await orThrow(containers().list())) {
 *   const { name, status, pid } = await orThrow(container.state());
 *   console.log(name, status, pid);
 * }
 * const web = await orThrow(containers().get('web'));
 * console.log((await orThrow(web.exec('ps'))).stdout);
 * await orThrow(web.stop({ timeout: '5s' }));
 * ```
 */
export function containers(options: ContainersOptions = {}): Containers {
  // Programs that only run containers never load what follows.
  return {
    list: () => new ResultAsync(import('./registry.js').then(({ listContainers }) => listContainers(options))),
    get: (name) => new ResultAsync(import('./registry.js').then(({ getContainer }) => getContainer(name, options))),
  };
}
