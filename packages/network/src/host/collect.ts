/** What containers have left behind whose processes are gone without anybody to clean up: found by their owners, taken away. */
import { type HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { ok, ResultAsync, type Result } from 'neverthrow';
import type { Attachment, NetworkState } from '../attachment.js';
import { networksDirectory } from '../directory.js';
import { disconnect } from './disconnect.js';
import { listEtc, removeEtc } from './etc-files.js';
import { withLock } from './lock.js';
import { releaseNetns } from './cni/netns.js';
import { currentNetns, isAlive, isNetnsGone } from './owner.js';
import { readState, writeState } from './state.js';

/** What was collected. */
export interface CollectedNetworks {
  /** Names of the containers whose networks were taken away. */
  readonly containers: readonly string[];
  /** What could not be taken away; the rest was. */
  readonly problems: readonly HacoError[];
}

/** Programs and CNI plugins can be ended from anywhere, bridges only in the net namespace where they are. */
function isInReach({ made, netns }: Attachment, here: string): boolean {
  return made.kind === 'program' || netns === here;
}

/** Without what was made in net namespaces that are gone: the kernel has taken it away with them. */
function withoutGone(directory: string, state: NetworkState, here: string): NetworkState {
  const elsewhere = new Set(
    state.attachments
      .filter((attachment) => !isInReach(attachment, here) && !isAlive(attachment.owner))
      .map(({ netns }) => netns),
  );
  const gone = new Set([...elsewhere].filter(isNetnsGone));
  if (gone.size === 0) return state;
  for (const { made, netns } of state.attachments)
    if (gone.has(netns) && made.kind === 'cni') void releaseNetns(made.netns);
  const left: NetworkState = {
    ...state,
    bridges: state.bridges.filter(({ netns }) => !gone.has(netns)),
    attachments: state.attachments.filter((attachment) => !gone.has(attachment.netns) || isInReach(attachment, here)),
  };
  return writeState(directory, left).match(
    () => left,
    () => state,
  );
}

/** With the lock held: take away what is stale; gives what is left. */
export async function collectStale(
  directory: string,
  state: NetworkState,
): Promise<{ readonly state: NetworkState } & CollectedNetworks> {
  const here = currentNetns();
  const containers: string[] = [];
  const problems: HacoError[] = [];
  let left = withoutGone(directory, state, here);
  for (const attachment of left.attachments) {
    if (!isInReach(attachment, here) || isAlive(attachment.owner)) continue;
    const next = await disconnect(directory, attachment, left);
    if (next.isErr()) problems.push(next.error);
    else {
      left = next.value;
      containers.push(attachment.container);
    }
  }
  const known = new Set(left.attachments.map(({ container }) => container));
  for (const name of listEtc(directory)) if (!known.has(name)) removeEtc(`${directory}/etc/${name}`);
  return { state: left, containers, problems };
}

/**
 * Take away what containers have left on this host that were killed together with their Node: addresses, rules, bridges, CNI networks,
 * files. A start that needs a network does the same by itself. Containers that run are left alone.
 *
 * @example
 * ```ts
 * import { collectNetworks } from '@haco/network';
 * import { orThrow } from '@haco/core';
 * const { containers } = await orThrow(collectNetworks());
 * ```
 */
export function collectNetworks(): ResultAsync<CollectedNetworks, HacoError> {
  const directory = networksDirectory(probeHost());
  const collected = withLock<CollectedNetworks>(directory, async (): Promise<Result<CollectedNetworks, HacoError>> => {
    const state = readState(directory);
    if (state.isErr()) return state.map(() => ({ containers: [], problems: [] }));
    const { containers, problems } = await collectStale(directory, state.value);
    return ok({ containers, problems });
  });
  return new ResultAsync(collected);
}
