/** What a spec says of a container's network: plain data. */
import type { BridgeMode } from './modes/bridge.js';
import type { CniMode } from './modes/cni.js';
import type { HostMode } from './modes/host.js';
import type { JoinMode } from './modes/join.js';
import type { NoneMode } from './modes/none.js';
import type { PastaMode } from './modes/pasta.js';
import type { SlirpMode } from './modes/slirp.js';

/** What connects the container, told apart by `kind`. */
export type NetworkMode = NoneMode | HostMode | JoinMode | BridgeMode | CniMode | PastaMode | SlirpMode;

/** Protocols whose ports can be published. */
export const protocols = ['tcp', 'udp'] as const;
/** A protocol with ports. */
export type Protocol = (typeof protocols)[number];

/** A port of the host that leads to one of the container. */
export interface PublishedPort {
  /** 0: a free one. */
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
  /** Address of the host on which it is reached; missing: all. */
  readonly address?: string;
}

/** How names are resolved inside; see resolv.conf(5). */
export interface DnsSection {
  /** Addresses of name servers. */
  readonly servers?: readonly string[];
  /** Domains that are tried for short names. */
  readonly search?: readonly string[];
  /** E.g. `ndots:2`. */
  readonly options?: readonly string[];
}

/** The section `network` of a spec. */
export interface NetworkSection {
  /** Missing: nothing was asked; the container has the network of its net namespace, its own or its caller's. */
  readonly mode?: NetworkMode;
  readonly ports: readonly PublishedPort[];
  readonly dns?: DnsSection;
}

/** Nothing asked. */
export const emptySection: NetworkSection = { ports: [] };
