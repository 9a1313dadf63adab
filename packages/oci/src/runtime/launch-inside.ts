/** Launching a further process of a container, whose first one is held meanwhile: its number can't become another's. */
import { pidfdOf, type HacoError, type ProcessIdentity, type StateError } from '@haco/core';
import { libc } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { launchSteps, type RuntimeLaunch } from './launch.js';

/**
 * Start it. Errors: `ended`, when the first process has ended since it was looked at; `io`.
 *
 * @param first - of the container, as it was when the steps were planned
 */
export function launchInside(
  first: ProcessIdentity,
  { descriptors = {}, ...launch }: RuntimeLaunch,
  ended: StateError,
): ReturnType<typeof launchSteps> {
  const held: Result<number | undefined, HacoError> = pidfdOf(first);
  if (held.isErr()) return err(held.error);
  const container = held.value;
  if (container === undefined) return err(ended);
  try {
    return launchSteps({ ...launch, descriptors: { container, ...descriptors } });
  } finally {
    // The launcher has its own by now.
    libc().close(container);
  }
}
