/** Whether the network of a running container is still as it was made: what CNI plugins say to CHECK. */
import { NotFoundError, type HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, errAsync, ok, ResultAsync } from 'neverthrow';
import { networksDirectory } from '../directory.js';
import { checkChain } from './cni/chain.js';
import type { PluginConfig } from './cni/config.js';
import { isAlive } from './owner.js';
import { readState } from './state.js';

/**
 * Ask the CNI plugins of a running container whether all is still as ADD has left it. It isn't done by itself: some versions of
 * plugins fail it where nothing is wrong (`portmap` 1.1 without IPv6). Networks of other kinds have nobody to ask, and pass.
 *
 * Errors: `tool`, with what the plugin says; `not-found`, when the container has no network that haco has made.
 *
 * @example
 * ```ts
 * import { cni, haco, orThrow } from '@haco/core';
 * import { checkNetwork } from '@haco/network';
 * const pod = await orThrow(haco().network(cni({ network: 'podnet' })).command('sleep', '60').start());
 * const checked = await checkNetwork(pod);
 * ```
 *
 * @see https://www.cni.dev/docs/spec/
 */
export function checkNetwork(container: { readonly pid: number }): ResultAsync<void, HacoError> {
  const state = readState(networksDirectory(probeHost()));
  if (state.isErr()) return errAsync(state.error);
  const found = state.value.attachments.find(({ owner }) => owner.pid === container.pid && isAlive(owner));
  if (found === undefined) {
    const remedy = "it has ended, or was started without a network of haco's";
    return errAsync(new NotFoundError({ what: 'network of the process', subject: String(container.pid), remedy }));
  }
  const { made } = found;
  if (made.kind !== 'cni' || !made.checkable) return new ResultAsync(Promise.resolve(ok()));
  const { netns, interface: name, binDirs, args, result } = made;
  const call = { containerId: found.container, netns, interface: name, binDirs, args };
  return new ResultAsync(
    checkChain(made.plugins as readonly PluginConfig[], call, result).then((checked) =>
      checked.isErr() ? err(checked.error) : ok(),
    ),
  );
}
