/** The hooks `afterReload`: those of the definition as it is now, in the container as it runs. */
import { ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { Spec } from '../spec.js';
import { callHooks, type HookCall } from './call.js';
import type { HooksSection } from './section.js';

/** Errors: `hook`, when one fails that is said to be fatal. What the reload has applied stays. */
export function callAfterReload(call: HookCall, spec: Spec): Promise<Result<void, HacoError>> {
  const section = spec['hooks'] as HooksSection | undefined;
  return section === undefined ? Promise.resolve(ok(undefined)) : callHooks(section, 'afterReload', { ...call, spec });
}
