/** A root filesystem made by a function of the caller. */
import { checkTarget, Fields } from '../fields.js';
import type { PrepareContext, Strategy } from '../strategy.js';
import { late } from '../late.js';

const prepareCustom = late(async () => (await import('../host/custom.js')).prepareCustom);

/** What a caller's own strategy is given. */
export interface BootstrapContext extends PrepareContext {
  /** An empty directory, owned by the caller, to be filled. It gets its final name when the function has succeeded. */
  readonly target: string;
}

/** A caller's own strategy: any object with these two. */
export interface CustomRootfs {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  /**
   * Fill `context.target`. To fail, throw, reject, or return neverthrow's `err`; the cause is then found in an error of kind
   * `hook`.
   */
  bootstrap(context: BootstrapContext): unknown;
}

/** Spec of a {@link CustomRootfs}. The function is lost in JSON; read back, the spec is good where the root is there already. */
export interface CustomSpec {
  readonly strategy: 'custom';
  readonly target: string;
  readonly bootstrap?: (context: BootstrapContext) => unknown;
}

/** The spec of a caller's own object; its function is still called as a method of it. */
export function customSpec(own: CustomRootfs): CustomSpec {
  return { strategy: 'custom', target: own.target, bootstrap: (context) => own.bootstrap(context) };
}

/**
 * A root filesystem that a function makes: fill `context.target`.
 *
 * @param bootstrap - To fail, it throws, rejects, or returns neverthrow's `err`.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { fn } from '@haco/bootstrap';
 * fn(({ target }) => writeFile(`${target}/hello`, 'world'), { target: '/srv/roots/hello' });
 * ```
 */
export function fn(
  bootstrap: (context: BootstrapContext) => unknown,
  { target }: { readonly target: string },
): CustomSpec {
  return customSpec({ target, bootstrap });
}

export const customStrategy: Strategy<CustomSpec> = {
  name: 'custom',
  parse: (json) => {
    const fields = new Fields(json, ['strategy', 'target']);
    return fields.finish({ strategy: 'custom', target: fields.required('target') });
  },
  validate: ({ target }) => checkTarget(target),
  source: ({ target }) => ({ path: target }),
  prepare: prepareCustom,
};
