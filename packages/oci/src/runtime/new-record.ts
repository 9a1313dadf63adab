/** The record of a container that is about to be made, or to come back. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { GroupDir } from '@haco/cgroups';
import type { Bundle } from './bundle.js';
import type { ContainerRecord } from './container-record.js';

/** The name of whoever calls. */
function ownerName(): string {
  // Asking for it may load modules of the name service, for what is clear anyway.
  if (process.geteuid?.() === 0) return 'root';
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** What is known before it has a process. */
export function newRecord(
  { id, bundle: path }: { readonly id: string; readonly bundle: string },
  { ociVersion, rootfs, annotations, hooks }: Bundle,
  groups: readonly GroupDir[],
): ContainerRecord {
  return {
    version: 1,
    ociVersion,
    id,
    bundle: resolve(path),
    rootfs,
    annotations,
    created: new Date().toISOString(),
    owner: ownerName(),
    groups,
    hooks,
  };
}
