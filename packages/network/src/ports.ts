/** Published ports: what makes sense, and which two are the same one. */
import { issue, quote, type Issue } from '@haco/plan';
import { parseAddress } from './addresses.js';
import { protocols, type PublishedPort } from './section.js';

/** As people write it: `127.0.0.1:8080/tcp`. */
export function portTitle({ hostPort, protocol, address }: PublishedPort): string {
  const where = address === undefined ? '' : address.includes(':') ? `[${address}]:` : `${address}:`;
  return `${where}${String(hostPort)}/${protocol}`;
}

const wildcards = new Set(['0.0.0.0', '::']);

/** Whether one port of the host can't be both. */
export function samePort(a: PublishedPort, b: PublishedPort): boolean {
  if (a.hostPort !== b.hostPort || a.protocol !== b.protocol || a.hostPort === 0) return false;
  if (a.address === undefined || b.address === undefined) return true;
  if (a.address.includes(':') !== b.address.includes(':')) return false;
  return a.address === b.address || wildcards.has(a.address) || wildcards.has(b.address);
}

function isPort(port: unknown, least: number): boolean {
  return Number.isSafeInteger(port) && (port as number) >= least && (port as number) <= 65_535;
}

/** Every problem of a list of published ports. */
export function validatePorts(ports: readonly PublishedPort[]): readonly Issue[] {
  return ports.flatMap((port, index) => {
    const at = `network.ports[${String(index)}]`;
    const { hostPort, containerPort, protocol, address } = port;
    const numbers = [
      ...(isPort(hostPort, 0)
        ? []
        : [issue(`${at}.hostPort`, `${String(hostPort)} is not a port; use 1 to 65535, or 0 for one that is free`)]),
      ...(isPort(containerPort, 1)
        ? []
        : [issue(`${at}.containerPort`, `${String(containerPort)} is not a port of the container; use 1 to 65535`)]),
    ];
    const words = (protocols as readonly unknown[]).includes(protocol)
      ? []
      : [issue(`${at}.protocol`, `${quote(String(protocol))} is no protocol; use "tcp" or "udp"`)];
    const addresses =
      address === undefined
        ? []
        : parseAddress(address).match(
            () => [],
            (message) => [issue(`${at}.address`, message)],
          );
    const twice = ports.slice(0, index).findIndex((other) => samePort(port, other));
    const again =
      twice === -1 ? [] : [issue(at, `${portTitle(port)} is published twice; leave one out, or give each an address`)];
    return [...numbers, ...words, ...addresses, ...again];
  });
}
