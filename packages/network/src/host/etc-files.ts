/** `resolv.conf` and `hosts` of containers, on the host: written before they are mounted, changed in place when neighbours come and go. */
import {
  ftruncateSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { parseResolvConf, type ResolverConfig } from '../resolver.js';
import { ioError } from './lock.js';

/** How the host resolves names; systemd's stub on the loopback gives way to what it asks itself. */
export function readHostResolver(): ResolverConfig {
  const read = (path: string): ResolverConfig => {
    try {
      return parseResolvConf(readFileSync(path, 'utf8'));
    } catch {
      return { servers: [], search: [], options: [] };
    }
  };
  const plain = read('/etc/resolv.conf');
  const isStub = plain.servers.length > 0 && plain.servers.every((server) => server.startsWith('127.'));
  const uplinks = '/run/systemd/resolve/resolv.conf';
  return isStub && existsSync(uplinks) ? { ...read(uplinks), options: plain.options } : plain;
}

/** Make the two files of a container. */
export function writeEtc(
  directory: string,
  files: { readonly resolvConf: string; readonly hosts: string },
): Result<void, HacoError> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o711 });
    writeFileSync(`${directory}/resolv.conf`, files.resolvConf, { mode: 0o644 });
    writeFileSync(`${directory}/hosts`, files.hosts, { mode: 0o644 });
    return ok();
  } catch (error) {
    return err(ioError('write name resolution to', directory, error));
  }
}

/** New content for a file that is mounted: the same inode, and never longer than what counts. */
export function rewriteHosts(directory: string, hosts: string): void {
  try {
    const fd = openSync(`${directory}/hosts`, 'r+');
    try {
      writeSync(fd, hosts, 0);
      ftruncateSync(fd, Buffer.byteLength(hosts));
    } finally {
      closeSync(fd);
    }
  } catch {
    // Its container is on its way out.
  }
}

/** Remove the files of one container. */
export function removeEtc(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Names of containers that have files. */
export function listEtc(directory: string): readonly string[] {
  try {
    return readdirSync(`${directory}/etc`);
  } catch {
    return [];
  }
}
