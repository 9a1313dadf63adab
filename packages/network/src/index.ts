/**
 * Networks of containers: none, the host's, another's, a bridge with address translation and published ports, CNI plugins, and pasta or
 * slirp4netns without root.
 *
 * @packageDocumentation
 */
export { checkNetwork } from './host/check-network.js';
export { collectNetworks, type CollectedNetworks } from './host/collect.js';
export { networkOf, readNetworks, type ConnectedNetwork } from './host/network-of.js';
export type { DnsOptions, JoinTarget, NetworkInput, NetworkMethods, PublishOptions } from './methods.js';
export { bridge, type BridgeMode, type BridgeOptions } from './modes/bridge.js';
export { cni, type CniMode, type CniOptions } from './modes/cni.js';
export type { HostMode } from './modes/host.js';
export type { JoinMode } from './modes/join.js';
export type { NoneMode } from './modes/none.js';
export { pasta, type PastaMode, type PastaOptions } from './modes/pasta.js';
export { slirp, type SlirpMode, type SlirpOptions } from './modes/slirp.js';
export { network } from './part.js';
export type { DnsSection, NetworkMode, NetworkSection, Protocol, PublishedPort } from './section.js';
