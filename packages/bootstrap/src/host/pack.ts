/** Packs a directory by tar(1), into a file that gets its name when it is complete. */
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatBytes, type HacoError, InvalidSpecError, issue, NotFoundError, quote, ToolError } from '@haco/plan';
import { ResultAsync } from 'neverthrow';
import type { ArchiveOptions, ArchiveType } from '../archive.js';
import type { PrepareContext } from '../strategy.js';
import { cancelled, errnoOf, toHacoError } from './failure.js';
import { findProgram } from './find-program.js';
import { partialName } from './partial.js';
import { toolOutput } from './tool.js';

/** What was packed. */
export interface ArchiveReport {
  /** Path of the archive; undefined after a dry run. */
  readonly path: string | undefined;
  /** Its size. */
  readonly bytes: number;
}

const compressors = {
  gz: { option: '--gzip', program: 'gzip', package: 'gzip' },
  bz2: { option: '--bzip2', program: 'bzip2', package: 'bzip2' },
  xz: { option: '--xz', program: 'xz', package: 'xz-utils' },
  zstd: { option: '--zstd', program: 'zstd', package: 'zstd' },
} as const satisfies Record<Exclude<ArchiveType, 'none'>, object>;

/** Owners as numbers: names of the host mean nothing in the root. */
export const tarBasics = [
  '--create',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--one-file-system',
] as const;

export function packRoot(
  root: string,
  dest: string,
  options: ArchiveOptions & { readonly type: ArchiveType },
): ResultAsync<ArchiveReport, HacoError> {
  const { type, excludes = [], tarOptions = [], dryRun = false, signal } = options;
  const run = async (): Promise<ArchiveReport> => {
    await checkRoot(root);
    if (!dryRun) await checkOutside(root, dest);
    const compressor = type === 'none' ? undefined : compressors[type];
    // tar would say that it can't start something, but not what to install.
    if (compressor !== undefined && (await findProgram(compressor.program)) === undefined) {
      throw new ToolError({ command: [compressor.program], exitCode: null, stderr: '', package: compressor.package });
    }
    const output = tarOutput(root, dest, options, [
      ...(compressor === undefined ? [] : [compressor.option]),
      ...tarOptions,
      ...excludes.map((pattern) => `--exclude=${pattern}`),
    ]);
    const counted = { bytes: 0 };
    const stream = Readable.from(count(output, counted, options, dest));
    if (dryRun) {
      for await (const chunk of stream) void chunk;
      return { path: undefined, bytes: counted.bytes };
    }
    await completely(dest, (partial) => pipeline(stream, createWriteStream(partial, { flags: 'wx' })), signal);
    options.onProgress?.(`created ${dest}, ${formatBytes(counted.bytes)}`);
    return { path: dest, bytes: counted.bytes };
  };
  return ResultAsync.fromPromise(run(), (thrown) => toHacoError(thrown, 'write the archive', dest));
}

/** What tar writes. */
export function tarOutput(
  root: string,
  target: string,
  { signal, onProgress }: PrepareContext,
  options: readonly string[],
  basics: readonly string[] = tarBasics,
): AsyncGenerator<Buffer, void> {
  return toolOutput({
    command: ['tar', ...basics, ...options, '--file=-', `--directory=${root}`, '.'],
    package: 'tar',
    target,
    signal,
    onLine: onProgress,
  });
}

export async function checkRoot(root: string): Promise<void> {
  const found = await stat(root).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  });
  if (found?.isDirectory() === true) return;
  throw new NotFoundError({ what: 'root filesystem', subject: root, remedy: 'give the path of its directory' });
}

/**
 * An archive below the root would be packed into itself, half written. By the directory, not by its name: links and bind mounts give
 * one directory several.
 */
export async function checkOutside(root: string, dest: string): Promise<void> {
  const { dev, ino } = await stat(root, { bigint: true });
  for (let at = await realpath(dirname(resolve(dest))); ; at = dirname(at)) {
    const above = await stat(at, { bigint: true });
    if (above.dev === dev && above.ino === ino) {
      const message = `${quote(dest)} lies in the root ${quote(root)}, and would be packed into itself; choose a place outside`;
      throw new InvalidSpecError({ issues: [issue('dest', message)] });
    }
    if (at === dirname(at)) return;
  }
}

/** Write beside the final name, which is given at the end; on any failure nothing is left. */
export async function completely(
  dest: string,
  write: (partial: string) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const partial = await partialName(dest);
  try {
    await write(partial);
    await rename(partial, dest);
  } catch (thrown) {
    await rm(partial, { recursive: true, force: true });
    throw signal?.aborted === true ? cancelled(dest) : thrown;
  }
}

async function* count(
  output: AsyncGenerator<Buffer, void>,
  counted: { bytes: number },
  { onTransfer }: PrepareContext,
  dest: string,
): AsyncGenerator<Buffer, void> {
  for await (const chunk of output) {
    counted.bytes += chunk.length;
    onTransfer?.({ id: 'pack', label: dest, done: counted.bytes });
    yield chunk;
  }
}
