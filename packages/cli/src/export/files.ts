/** A definition as a manifest, a compose file or quadlets. */
import { join, resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { ScaleOutFormat, ScaleOutOptions } from '@haco/oci';
import type { CommandError } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { cut, words } from '../container/lists.js';
import { loadDefinition } from '../definition/load.js';
import type { ExportFlags, ExportResult } from './exported.js';
import { writeFiles } from './write-files.js';

/** Write the files; without `--dest` there is one, and its text is the answer. */
export async function exportFiles(
  file: string,
  format: string,
  flags: ExportFlags,
): Promise<Result<ExportResult, CommandError>> {
  const { dest, accept, 'runtime-class': runtimeClass } = flags;
  const images = imagesOf(flags.image);
  if (images === undefined)
    return err(new UsageError('One --image is for all; for one member it is --image MEMBER=NAME.'));
  const loaded = await loadDefinition(file, { command: 'export', args: [] });
  if (loaded.isErr()) return err(loaded.error);
  const { scaleOut } = await import('@haco/oci');
  const made = await scaleOut(loaded.value.described, format as ScaleOutFormat, {
    ...images,
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    accept: words(accept),
  });
  if (made.isErr()) return err(made.error);
  const { files, notRepresented } = made.value;
  if (dest === undefined) {
    if (files.length > 1)
      return err(new UsageError('Several quadlets need --dest DIR, e.g. -d /etc/containers/systemd.'));
    return ok({ files: files.map(({ name, text }) => ({ path: name, text })), notRepresented });
  }
  const placed = files.map(({ name, text }) => ({
    path: format === 'quadlet' ? join(resolve(dest), name) : resolve(dest),
    text,
  }));
  return (await writeFiles(placed)).map(() => ({ files: placed.map(({ path }) => ({ path })), notRepresented }));
}

/** `NAME` for all, `MEMBER=NAME` for one: no name of an image has a `=`. */
function imagesOf(values: readonly string[] = []): Pick<ScaleOutOptions, 'image' | 'images'> | undefined {
  const [all, ...more] = values.filter((value) => !value.includes('='));
  if (more.length > 0) return undefined;
  const single = values.filter((value) => value.includes('=')).map((value) => cut(value, '='));
  return {
    ...(all === undefined ? {} : { image: all }),
    images: Object.fromEntries(single.map(([member, name]) => [member, name ?? ''])),
  };
}
