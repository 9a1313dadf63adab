/** Has a root made by a function of the caller. */
import { type HacoError, HookError, NotFoundError } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import type { CustomSpec } from '../strategies/custom.js';
import type { PrepareContext } from '../strategy.js';
import { makeOnce } from './stage.js';

export function prepareCustom(spec: CustomSpec, context: PrepareContext): ResultAsync<void, HacoError> {
  return makeOnce(spec.target, context, async ({ root }) => {
    if (spec.bootstrap === undefined) {
      const remedy = 'the spec was read from JSON, which lost the function that makes it; give the function again';
      throw new NotFoundError({ what: 'root filesystem', subject: spec.target, remedy });
    }
    let returned: unknown;
    try {
      returned = await spec.bootstrap({ ...context, target: root });
    } catch (cause) {
      throw new HookError({ hook: 'bootstrap', cause });
    }
    if (isErr(returned)) throw new HookError({ hook: 'bootstrap', cause: returned.error });
  });
}

/** Told by shape: the caller's neverthrow may be another copy than ours. */
export function isErr(value: unknown): value is { readonly error: unknown } {
  if (typeof value !== 'object' || value === null || !('isErr' in value) || !('error' in value)) return false;
  return typeof value.isErr === 'function' && value.isErr() === true;
}
