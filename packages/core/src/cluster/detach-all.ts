/** The containers of a cluster, each on its own. */
import { err, ok, type Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import type { ProcessIdentity } from '../state/process-identity.js';
import type { DetachOptions } from '../supervise/detach-options.js';
import type { ManagedContainer } from '../supervise/managed-container.js';
import type { ClusterContainer } from './cluster.js';
import type { Member } from './members.js';
import { entering, inOrder } from './start-order.js';

/** Detach all of them, in their order; those that were detached are removed when one can't be. In the order of `containers`. */
export async function detachAll(
  members: readonly Member[],
  containers: readonly ClusterContainer[],
  options: DetachOptions,
): Promise<Result<readonly ManagedContainer[], HacoError>> {
  const detached = new Map<string, ManagedContainer>();
  /** Of the first container of each member. */
  const first = new Map<string, ProcessIdentity>();
  const failed = await inOrder(members, containers, async ({ name, builder }, member) => {
    const one = await entering(builder, member.share, (other) => first.get(other)).detach({ ...options, ready: true });
    if (one.isErr()) return err(one.error);
    detached.set(name, one.value);
    return one.value.state().map(({ pid, startTime }) => {
      if (pid === null || startTime === null || first.has(member.name)) return;
      first.set(member.name, { pid, startTime });
    });
  });
  if (failed === undefined) return ok(containers.flatMap(({ name }) => detached.get(name) ?? []));
  await Promise.all([...detached.values()].map((one) => one.remove({ force: true })));
  return err(failed);
}
