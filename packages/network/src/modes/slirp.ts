/** Without root: slirp4netns is a router in a program. */
import { readBoolean, readInteger, readObject, readOneOf, issue } from '@haco/plan';
import { modePath, ownNamespace, type ModeRow } from './mode.js';
import { planProgram, validateOwner } from './user-mode.js';

/** The container is connected by slirp4netns. */
export interface SlirpMode {
  readonly kind: 'slirp';
  /** Whether 10.0.2.2 leads to the host's own 127.0.0.1. */
  readonly hostLoopback: boolean;
  /** Largest packet in bytes. */
  readonly mtu: number;
}

/** Options of {@link slirp}. */
export interface SlirpOptions {
  /** `true`: connections to 10.0.2.2 reach what listens on the host's 127.0.0.1; `false` when left out. */
  readonly hostLoopback?: boolean;
  /** Largest packet in bytes; 65520 when left out, which is fastest. */
  readonly mtu?: number;
}

/**
 * A network without root: the container is 10.0.2.100, and the program `slirp4netns` makes its connections. `pasta()` is faster and knows
 * IPv6; this one is found on older systems. Needs `unshare('user')`.
 *
 * @example
 * ```ts
 * import { haco, slirp } from '@haco/core';
 * const web = haco().unshare('user').network(slirp()).publish(8080, 80, { address: '127.0.0.1' });
 * ```
 *
 * @see slirp4netns(1)
 */
export function slirp(options: SlirpOptions = {}): SlirpMode {
  return { kind: 'slirp', hostLoopback: options.hostLoopback ?? false, mtu: options.mtu ?? 65_520 };
}

export const slirpRow: ModeRow<SlirpMode> = {
  read: readObject({ kind: readOneOf(['slirp']), hostLoopback: readBoolean, mtu: readInteger }),
  title: () => 'slirp4netns',
  namespaces: () => ownNamespace,
  publishes: true,
  ownEtc: true,
  validate: ({ mtu }, facts, { ports }) => [
    ...validateOwner('slirp4netns', facts),
    ...(mtu >= 1280 && mtu <= 65_521
      ? []
      : [issue(`${modePath}.mtu`, `${String(mtu)} is not between 1280 and 65521 bytes`)]),
    ...ports.flatMap(({ address }, index) =>
      address?.includes(':') === true
        ? [issue(`network.ports[${String(index)}].address`, 'slirp4netns publishes on IPv4 only; use pasta()')]
        : [],
    ),
  ],
  plan: () => planProgram('slirp4netns', ['slirp4netns --configure --ready-fd=3 --exit-fd=4 … <child> eth0']),
};
