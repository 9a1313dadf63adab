/** A definition as bundles of the OCI runtime specification. */
import { join, resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { Issue } from '@haco/core';
import type { CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { words } from '../container/lists.js';
import { loadContainers } from '../definition/load.js';
import type { ExportFlags, ExportResult } from './exported.js';

/** Write a bundle for each container. */
export async function exportBundles(file: string, flags: ExportFlags): Promise<Result<ExportResult, CommandError>> {
  const { dest } = flags;
  if (dest === undefined) return err(new UsageError('"haco export" needs --dest DIR, e.g. --dest /srv/bundles/web.'));
  for (const flag of ['image', 'runtime-class'] as const) {
    if (flags[flag] !== undefined) return err(new UsageError(`--${flag} goes with --format kube, compose or quadlet.`));
  }
  const containers = await loadContainers(file, { command: 'export', args: [] });
  if (containers.isErr()) return err(containers.error);
  const { writeBundle } = await import('@haco/oci');
  const files: { readonly path: string }[] = [];
  const notRepresented: Issue[] = [];
  for (const { name, member, builder } of containers.value) {
    const path = member === undefined ? resolve(dest) : join(resolve(dest), String(name));
    const written = await writeBundle(builder, path, { accept: words(flags.accept) });
    if (written.isErr()) return err(written.error);
    files.push({ path });
    notRepresented.push(...written.value.notRepresented);
  }
  return ok({ files, notRepresented });
}
