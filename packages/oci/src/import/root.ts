/** `root`, and what else of the top level says what the container sees. */
import { isAbsolute, join } from 'node:path';
import { quote } from '@haco/core';
import type { Import } from './import.js';
import { saysNothing, type Config } from './schema.js';

/** A path of the bundle; undefined, with a problem, when nobody said where that is. */
export function pathOf(path: string, bundle: string | undefined, at: string, into: Import): string | undefined {
  if (isAbsolute(path)) return path;
  if (bundle !== undefined) return join(bundle, path);
  into.wrong(at, `${quote(path)} is relative to the bundle; say where that is with { bundle }`);
  return undefined;
}

export function importRoot(config: Config, bundle: string | undefined, into: Import): void {
  const { root, hostname, domainname, linux = {} } = config;
  const path = pathOf(root.path, bundle, 'root.path', into);
  if (path !== undefined) into.set('mounts', 'rootfs', { path }, 'root.path');
  if (root.readonly === true) into.set('mounts', 'readonly', true, 'root.readonly');
  into.set('mounts', 'masked', linux.maskedPaths, 'linux.maskedPaths');
  into.set('mounts', 'readonlyPaths', linux.readonlyPaths, 'linux.readonlyPaths');
  for (const field of ['masked', 'readonlyPaths'] as const) {
    const name = field === 'masked' ? 'maskedPaths' : field;
    (linux[name] ?? []).forEach((_, index) => {
      into.cameFrom(`mounts.${field}[${String(index)}]`, `linux.${name}[${String(index)}]`);
    });
  }
  into.set('namespaces', 'hostname', hostname === '' ? undefined : hostname, 'hostname');
  into.set('namespaces', 'domainname', domainname === '' ? undefined : domainname, 'domainname');
  for (const field of ['hooks', 'solaris', 'windows', 'vm', 'zos'] as const) {
    if (!saysNothing(config[field])) into.differs(field, 'haco has no word for it');
  }
}
