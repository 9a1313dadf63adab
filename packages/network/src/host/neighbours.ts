/** Containers of one bridge know each other by name: their `hosts` files are kept up to date. */
import { within, type Attachment, type NetworkState } from '../attachment.js';
import { renderHosts, type HostEntry } from '../resolver.js';
import { gatewayText } from '../rules.js';
import { rewriteHosts } from './etc-files.js';

/** By this name containers find the host. */
const hostName = 'host.haco.internal';

/** The `hosts` of a container: itself first, then the host, then its neighbours. */
export function hostsOf(state: NetworkState, attachment: Attachment): string {
  const { made, netns } = attachment;
  const own: HostEntry = { name: attachment.container, addresses: attachment.addresses };
  if (made.kind !== 'bridge') return renderHosts([own]);
  const here = within(state, netns);
  const bridge = here.bridges.find(({ name }) => name === made.bridge);
  const others = here.attachments.filter(
    (other) => other.id !== attachment.id && other.made.kind === 'bridge' && other.made.bridge === made.bridge,
  );
  return renderHosts([
    own,
    { name: hostName, addresses: bridge?.subnets.map(gatewayText) ?? [] },
    ...others.map(({ container, addresses }) => ({ name: container, addresses })),
  ]);
}

/** Tell all containers of the bridge that `changed` has come or gone. */
export function showNeighbours(directory: string, state: NetworkState, changed: Attachment): void {
  const { made, netns } = changed;
  if (made.kind !== 'bridge') return;
  for (const attachment of within(state, netns).attachments) {
    if (attachment.id === changed.id || attachment.made.kind !== 'bridge' || attachment.made.bridge !== made.bridge)
      continue;
    rewriteHosts(`${directory}/etc/${attachment.container}`, hostsOf(state, attachment));
  }
}
