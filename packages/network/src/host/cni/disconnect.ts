/** DEL: what CNI plugins have made is theirs to take away. */
import type { HacoError } from '@haco/plan';
import type { Result } from 'neverthrow';
import type { Made } from '../../attachment.js';
import { deleteChain } from './chain.js';
import type { PluginConfig } from './config.js';
import { releaseNetns } from './netns.js';

/** DEL for the whole chain, then the namespace goes. It isn't kept when a plugin fails: nothing would come of trying again for ever. */
export async function disconnectCni(
  container: string,
  made: Extract<Made, { readonly kind: 'cni' }>,
): Promise<Result<void, HacoError>> {
  const call = {
    containerId: container,
    netns: made.netns,
    interface: made.interface,
    binDirs: made.binDirs,
    args: made.args,
  };
  const deleted = await deleteChain(made.plugins as readonly PluginConfig[], call, made.result);
  const released = await releaseNetns(made.netns);
  return deleted.andThen(() => released);
}
