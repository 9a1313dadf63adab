/** Ports of the host: whether one is free, found out by taking it for a moment; and which one is, when any will do. */
import { createServer } from 'node:net';
import { ConflictError, NotFoundError, PermissionError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { portTitle } from '../ports.js';
import type { PublishedPort } from '../section.js';

/** Bind, tell the number, let go. */
function bind(port: number, address: string, protocol: PublishedPort['protocol']): Promise<number> {
  const ipv6Only = address.includes(':');
  return new Promise((resolve, reject) => {
    if (protocol === 'tcp') {
      const server = createServer();
      server.once('error', reject);
      server.listen({ port, host: address, ipv6Only, exclusive: true }, () => {
        const bound = server.address();
        server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port));
      });
      return;
    }
    const socket = process.getBuiltinModule('node:dgram').createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only });
    socket.once('error', reject);
    socket.bind({ port, address, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}

function refusal(port: PublishedPort, address: string, error: unknown): HacoError {
  const { code = '' } = error as { readonly code?: string };
  if (code === 'EADDRNOTAVAIL') {
    const remedy = 'publish on an address that "ip address" shows, or leave it out for all';
    return new NotFoundError({ what: 'address of this host', subject: address, remedy });
  }
  if (code === 'EACCES') {
    return new PermissionError({
      what: `publish the port ${portTitle(port)}`,
      missing: 'ports below net.ipv4.ip_unprivileged_port_start belong to root',
      remedy: 'use a port from 1024, or run "sysctl -w net.ipv4.ip_unprivileged_port_start=0"',
    });
  }
  const remedy = 'a program on this host listens there; choose another, or 0 for one that is free';
  return new ConflictError({ what: 'host port', subject: portTitle(port), remedy });
}

/** The port with its number, if it is free on this host now. */
export async function takePort(
  port: PublishedPort,
  families: readonly (4 | 6)[],
): Promise<Result<PublishedPort, HacoError>> {
  const everywhere = families.map((family) => (family === 4 ? '0.0.0.0' : '::'));
  const addresses = port.address === undefined ? everywhere : [port.address];
  let { hostPort } = port;
  for (const address of addresses) {
    try {
      hostPort = await bind(hostPort, address, port.protocol);
    } catch (error) {
      // A kernel without IPv6 has no such ports to take.
      if (port.address === undefined && (error as { readonly code?: string }).code === 'EAFNOSUPPORT') continue;
      return err(refusal(port, address, error));
    }
  }
  return ok({ ...port, hostPort });
}
