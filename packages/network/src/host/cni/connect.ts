/** Connecting a container by CNI plugins. The caller holds the lock. */
import type { HacoError } from '@haco/plan';
import { err, type Result } from 'neverthrow';
import type { Attachment, NetworkState } from '../../attachment.js';
import type { CniMode } from '../../modes/cni.js';
import type { ResolverConfig } from '../../resolver.js';
import type { NetworkSection } from '../../section.js';
import { makeId, takePorts, type Connecting } from '../bridge.js';
import { currentNetns } from '../owner.js';
import { addChain, pluginConfigs, portMappings } from './chain.js';
import { findConfig, isCheckable } from './config.js';
import { disconnectCni } from './disconnect.js';
import { keepNetns } from './netns.js';

interface CniResult {
  readonly ips?: readonly { readonly address?: string; readonly ip?: string }[];
  readonly dns?: {
    readonly nameservers?: readonly string[];
    readonly search?: readonly string[];
    readonly options?: readonly string[];
  };
}

function addressesOf({ ips = [] }: CniResult): readonly string[] {
  return ips.flatMap(({ address }) => (address === undefined ? [] : [address.split('/')[0] ?? '']));
}

function resolverOf({ dns = {} }: CniResult): Partial<ResolverConfig> {
  const { nameservers = [], search = [], options = [] } = dns;
  return {
    ...(nameservers.length === 0 ? {} : { servers: nameservers }),
    ...(search.length === 0 ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
}

/** ADD for the whole chain. On an error DEL has run, and nothing is remembered. */
export async function connectCni(
  mode: CniMode,
  request: Connecting & { readonly section: NetworkSection },
  state: NetworkState,
  remember: (state: NetworkState) => Result<void, HacoError>,
): Promise<Result<{ readonly attachment: Attachment; readonly resolver: Partial<ResolverConfig> }, HacoError>> {
  const { container, childPid, owner, section } = request;
  const config = findConfig(mode);
  if (config.isErr()) return err(config.error);
  const ports = await takePorts(request.ports, state.attachments, [4]);
  if (ports.isErr()) return err(ports.error);
  const { servers, search, options } = section.dns ?? {};
  const plugins = pluginConfigs(config.value, {
    ...(ports.value.length === 0 ? {} : { portMappings: portMappings(ports.value) }),
    ...(section.dns === undefined ? {} : { dns: { servers, searches: search, options } }),
  });
  const id = makeId();
  const made = {
    kind: 'cni',
    plugins,
    checkable: isCheckable(config.value),
    network: config.value.name,
    interface: mode.interface,
    binDirs: mode.binDirs,
    args: mode.args ?? {},
    netns: `${request.directory}/netns/${id}`,
  } as const;
  const attachment: Attachment = {
    id,
    container,
    owner,
    netns: currentNetns(),
    addresses: [],
    ports: ports.value,
    made,
  };
  // Remembered before ADD begins: DEL follows in any case, also when Node is killed in between.
  const remembered = remember({ ...state, attachments: [...state.attachments, attachment] });
  if (remembered.isErr()) return err(remembered.error);
  const call = {
    containerId: container,
    netns: made.netns,
    interface: mode.interface,
    binDirs: mode.binDirs,
    args: made.args,
  };
  const kept = await keepNetns(made.netns, childPid);
  const added = kept.isErr() ? err(kept.error) : await addChain(plugins, call);
  if (added.isErr()) {
    const { error } = added;
    const removed = await disconnectCni(container, made);
    const forgotten = remember(state);
    error.cleanup = [...error.cleanup, ...[removed, forgotten].flatMap((each) => (each.isErr() ? [each.error] : []))];
    return err(error);
  }
  const result = (added.value ?? {}) as CniResult;
  const complete: Attachment = { ...attachment, addresses: addressesOf(result), made: { ...made, result } };
  return remember({ ...state, attachments: [...state.attachments, complete] }).map(() => ({
    attachment: complete,
    resolver: resolverOf(result),
  }));
}
