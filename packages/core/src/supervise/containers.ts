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
   * Errors: `not-found`, when nothing says where state is kept; `permission`, when others may write there; `io`; `unsupported`, where
   * haco can't run.
   */
  list(): ResultAsync<readonly ManagedContainer[], HacoError>;
  /**
   * One by its name.
   *
   * Errors: as `list()`; `not-found`, when there is none; `invalid-spec`, when that is no name.
   */
  get(name: string): ResultAsync<ManagedContainer, HacoError>;
  /**
   * Start detached containers again that have ended and whose policy wants them to run: `'always'` all of them, `'unless-stopped'` those
   * that nobody has asked to stop. For the moments after supervisors were lost, e.g. killed for want of memory, or with the machine when
   * the state directory outlives that. Gives those that were started; one that can't be keeps the reason in its state.
   *
   * Errors: as `list()`.
   */
  recover(): ResultAsync<readonly ManagedContainer[], HacoError>;
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
    recover: () => new ResultAsync(import('./registry.js').then(({ recoverContainers }) => recoverContainers(options))),
    get: (name) => new ResultAsync(import('./registry.js').then(({ getContainer }) => getContainer(name, options))),
  };
}
