/** Where the state of networks lies, and the files that containers mount from there. */
import type { HostFacts } from '@haco/plan';

/** Directory of all state; like everything below `/run`, it is gone after a reboot, as the networks are. */
export function networksDirectory(host: Pick<HostFacts, 'euid' | 'runtimeDirectory'>): string {
  if (host.euid === 0) return '/run/haco-networks';
  return `${host.runtimeDirectory ?? `/tmp/haco-${String(host.euid)}`}/haco-networks`;
}

/** Directory with the `resolv.conf` and `hosts` of one container. */
export function etcDirectory(host: Pick<HostFacts, 'euid' | 'runtimeDirectory'>, name: string): string {
  return `${networksDirectory(host)}/etc/${name}`;
}
