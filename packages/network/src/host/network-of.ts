/** What a running container is connected by. */
import { readlinkSync } from 'node:fs';
import { NotFoundError, type HacoError } from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { networksDirectory } from '../directory.js';
import type { PublishedPort } from '../section.js';
import { isAlive } from './owner.js';
import { readState } from './state.js';

/** The network of a container that runs. */
export interface ConnectedNetwork {
  /** Name of the container. */
  readonly container: string;
  readonly kind: 'bridge' | 'cni' | 'pasta' | 'slirp4netns';
  /** Addresses inside; empty with pasta, where they are those of the host. */
  readonly addresses: readonly string[];
  /** Published ports, each with the number that it has on the host. */
  readonly ports: readonly PublishedPort[];
}

/** The networks of all containers of this user that run on this host. */
export function readNetworks(): Result<readonly (ConnectedNetwork & { readonly pid: number })[], HacoError> {
  return readState(networksDirectory(probeHost())).map(({ attachments }) =>
    attachments
      .filter(({ owner }) => isAlive(owner))
      .map(({ container, owner, addresses, ports, made }) => ({
        container,
        pid: owner.pid,
        kind: made.kind === 'program' ? made.program : made.kind,
        addresses,
        ports,
      })),
  );
}

/** Whether two processes are in one net namespace; not when one of them has ended. */
function sharesNetwork(one: number, other: number): boolean {
  const namespaceOf = (pid: number): string => readlinkSync(`/proc/${String(pid)}/ns/net`);
  try {
    return namespaceOf(one) === namespaceOf(other);
  } catch {
    return false;
  }
}

/**
 * Addresses and ports of a container that runs, e.g. which free port a host port of 0 has become.
 *
 * Errors: `not-found`, when it has no network that haco has made.
 *
 * @example
 * ```ts
 * import { bridge, haco, networkOf, orThrow } from '@haco/core';
 * const web = await orThrow(haco().network(bridge()).publish(0, 80).command('httpd', '-f').start());
 * const [port] = orThrow(networkOf(web)).ports;
 * ```
 */
export function networkOf(container: {
  readonly pid: number;
  readonly name?: string;
}): Result<ConnectedNetwork, HacoError> {
  return readNetworks().andThen((all) => {
    // The network of a restored container is kept by another process, in the same namespace.
    const found =
      all.find(({ pid }) => pid === container.pid) ??
      all.find((one) => one.container === container.name && sharesNetwork(one.pid, container.pid));
    if (found === undefined) {
      const remedy = 'it has ended, or was started without network("bridge"), cni(), pasta() or slirp()';
      return err(new NotFoundError({ what: 'network of the process', subject: String(container.pid), remedy }));
    }
    const { pid: _pid, ...network } = found;
    return ok(network);
  });
}
