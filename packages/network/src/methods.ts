/** The verbs of networks: their types and their documentation. */
import type { HasNamespace } from '@haco/plan';
import type { BridgeMode } from './modes/bridge.js';
import type { CniMode } from './modes/cni.js';
import type { PastaMode } from './modes/pasta.js';
import type { SlirpMode } from './modes/slirp.js';
import type { Protocol } from './section.js';

/**
 * Whose network a container joins: the name of one that `ip netns add` has made, the path of a namespace file, a process id, or a
 * container that is running.
 */
export type JoinTarget = string | number | { readonly pid: number };

/** What {@link NetworkMethods.network} takes. */
export type NetworkInput =
  | 'none'
  | 'host'
  | 'bridge'
  | 'pasta'
  | 'slirp'
  | { readonly join: JoinTarget }
  | BridgeMode
  | CniMode
  | PastaMode
  | SlirpMode;

/** Options of {@link NetworkMethods.publish}. */
export interface PublishOptions {
  /** `'tcp'` when left out. */
  readonly protocol?: Protocol;
  /** Address of the host on which the port is reached, e.g. `'127.0.0.1'`; all of them when left out. */
  readonly address?: string;
}

/** Options of {@link NetworkMethods.dns}. */
export interface DnsOptions {
  /** Addresses of name servers, instead of the host's. */
  readonly servers?: readonly string[];
  /** Domains that are tried for short names. */
  readonly search?: readonly string[];
  /** Options of the resolver, e.g. `['ndots:2']`. */
  readonly options?: readonly string[];
}

/** Verbs by which a container is connected. */
export interface NetworkMethods {
  /**
   * What the container is connected to; the last call counts. The net namespace that it takes comes with it: no `unshare('net')` is needed.
   *
   * - `'none'`: itself, over the loopback interface.
   * - `'host'`: the network of the host, which is also what a container has about which nothing is said.
   * - `{ join }`: a net namespace that is there: `'blue'` (made by `ip netns add blue`), a path, a pid, or a running container.
   * - `'bridge'`, or `bridge({ … })`: a bridge of the host, with address translation. Needs root.
   * - `cni({ … })`: a chain of CNI plugins. Needs root.
   * - `'pasta'` and `'slirp'`, or `pasta({ … })` and `slirp({ … })`: without root, by a program that speaks for the container.
   *
   * With `unshare('mount')`, those that lead out give the container its own `/etc/resolv.conf` and `/etc/hosts`.
   *
   * Errors at the start: `conflict`, when an address or a subnet is taken; `tool`, when a program is missing or fails; `state`, when the host
   * forwards no packets; `permission`.
   *
   * @example
   * ```ts
   * import { haco, orThrow } from '@haco/core';
   * const outcome = await orThrow(haco().network('none').command('ip', 'address').run());
   * ```
   *
   * @see network_namespaces(7)
   */
  network<const M extends NetworkInput>(mode: M): M extends 'host' ? this : this & HasNamespace<'net'>;

  /**
   * Let a port of the host lead to one of the container. Calls add up. `networkOf(container)` tells the number that a host port of 0 became.
   *
   * Errors at the start: `conflict`, when the host's port is in use.
   *
   * @param hostPort 1 to 65535; 0 for one that is free
   * @param containerPort the same as the host's when it is left out
   * @example
   * ```ts
   * import { bridge, haco } from '@haco/core';
   * const web = haco().network(bridge()).publish(8080, 80).publish(5353, 53, { protocol: 'udp', address: '127.0.0.1' });
   * ```
   */
  publish<B extends HasNamespace<'net'>>(
    this: B,
    hostPort: number,
    containerPort?: number,
    options?: PublishOptions,
  ): B;

  /**
   * How names are resolved inside, instead of as the host does it; the last call counts. Needs `unshare('mount')` and a network that leads out.
   *
   * @example
   * ```ts
   * import { bridge, haco } from '@haco/core';
   * const named = haco().unshare('mount').network(bridge()).dns({ servers: ['9.9.9.9'], search: ['example.org'] });
   * ```
   *
   * @see resolv.conf(5)
   */
  dns<B extends HasNamespace<'net'>>(this: B, options: DnsOptions): B;
}
