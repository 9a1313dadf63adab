/** A mount point below a directory that `only` names and the root doesn't have: what is missing is that directory. */
import { closeSync } from 'node:fs';
import { NotFoundError } from '@haco/plan';
import { openInRoot, type StepFailure } from '@haco/sys';
import type { Spec } from './spec.js';

/** The error that says so. The kernel's ENOENT speaks of the mount point, which would be made if the directory weren't named. */
export function missingSelected({ operation, errno }: StepFailure, spec: Spec): NotFoundError | undefined {
  if (operation.op !== 'syscall' || operation.name !== 'openat2' || errno !== 'ENOENT') return undefined;
  const [, target] = operation.args;
  const { rootfs } = (spec['mounts'] ?? {}) as {
    readonly rootfs?: { readonly path?: string; readonly only?: readonly string[] };
  };
  const { path: root, only = [] } = rootfs ?? {};
  const directory = only.find((one) => typeof target === 'string' && target.startsWith(`${one}/`));
  if (root === undefined || directory === undefined) return undefined;
  const opened = openInRoot(root, directory);
  if (opened.isOk()) closeSync(opened.value);
  if (opened.isOk() || opened.error.kind !== 'not-found') return undefined;
  const reason = `the root ${root} has no ${directory}, which "only" names`;
  const remedy = `make that directory, or leave it out of "only", then the mount point is made in memory`;
  return new NotFoundError({ what: 'mount point', subject: String(target), remedy: `${reason}; ${remedy}` });
}
