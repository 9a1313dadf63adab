/** Without root: pasta copies the host's addresses into the container and speaks for it. */
import { readBoolean, readObject, readOneOf } from '@haco/plan';
import { ownNamespace, type ModeRow } from './mode.js';
import { planProgram, validateOwner } from './user-mode.js';

/** The container is connected by pasta. */
export interface PastaMode {
  readonly kind: 'pasta';
  /** Whether the address of the gateway leads to the host's own 127.0.0.1. */
  readonly hostLoopback: boolean;
}

/** Options of {@link pasta}. */
export interface PastaOptions {
  /**
   * `true`: connections to the gateway's address reach what listens on the host's 127.0.0.1, which is seldom meant for a container; `false`
   * when left out.
   */
  readonly hostLoopback?: boolean;
}

/**
 * A network without root: the container has the addresses of the host, and the program `pasta` (package passt) makes its connections.
 * Needs `unshare('user')`.
 *
 * @example
 * ```ts
 * import { haco, pasta } from '@haco/core';
 * const web = haco().unshare('user').network(pasta()).publish(8080, 80, { address: '127.0.0.1' });
 * ```
 *
 * @see pasta(1)
 */
export function pasta(options: PastaOptions = {}): PastaMode {
  return { kind: 'pasta', hostLoopback: options.hostLoopback ?? false };
}

export const pastaRow: ModeRow<PastaMode> = {
  read: readObject({ kind: readOneOf(['pasta']), hostLoopback: readBoolean }),
  title: () => 'pasta',
  namespaces: () => ownNamespace,
  publishes: true,
  ownEtc: true,
  validate: (_mode, facts) => validateOwner('pasta', facts),
  plan: () => planProgram('pasta', ['setpriv --pdeathsig KILL pasta --foreground --config-net … <child>']),
};
