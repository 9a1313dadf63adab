/** Packing a root: as an archive, or as an image that others can use. */
import { type HacoError, InvalidSpecError, type Issue, issue, quote } from '@haco/plan';
import { errAsync, type ResultAsync } from 'neverthrow';
import { checkPath } from './fields.js';
import type { ArchiveReport } from './host/pack.js';
import type { ExportedImage } from './host/export-image.js';
import type { ImageConfig } from './image-config.js';
import { parsePlatform } from './oci/platform.js';
import type { PrepareContext } from './strategy.js';
import { late } from './late.js';

const writeImage = late(async () => (await import('./host/export-image.js')).writeImage);

const packRoot = late(async () => (await import('./host/pack.js')).packRoot);

export type { ArchiveReport, ExportedImage };

/** How an archive is compressed. */
export type ArchiveType = 'none' | 'gz' | 'bz2' | 'xz' | 'zstd';

const endings: readonly (readonly [RegExp, ArchiveType])[] = [
  [/\.(gz|tgz)$/, 'gz'],
  [/\.(bz2|tbz2?)$/, 'bz2'],
  [/\.(xz|txz)$/, 'xz'],
  [/\.(zst|tzst)$/, 'zstd'],
  [/\.tar$/, 'none'],
];

/** What {@link archive} takes. */
export interface ArchiveOptions extends PrepareContext {
  /** By the ending of the name when left out: `.tar`, `.gz`, `.tgz`, `.bz2`, `.xz`, `.zst`. */
  readonly type?: ArchiveType;
  /** Patterns of names to leave out, as `tar --exclude` takes them; relative to the root, e.g. `./var/cache/*`. */
  readonly excludes?: readonly string[];
  /** Write nothing, only tell how large it would be. */
  readonly dryRun?: boolean;
  /** Further options of tar(1); each begins with `-`. */
  readonly tarOptions?: readonly string[];
}

/**
 * Pack a root directory by tar(1): with owners as numbers, extended attributes, hard links and devices, of its own file system only.
 * The archive gets its name when it is complete; one that is there is replaced.
 *
 * Errors: `invalid-spec` (also a path within the root); `not-found` (the root); `tool` (tar or a program for compressing is missing or failed); `io` (disk full, …);
 * `state` (cancelled).
 *
 * @param root - path of the directory
 * @param dest - path of the archive
 *
 * @example
 * ```ts
 * import { archive } from '@haco/bootstrap';
 * const packed = await archive('/srv/roots/web', '/srv/web.tar.zst', { excludes: ['./var/cache/*'] });
 * packed.match(({ bytes }) => console.log(bytes), (error) => console.error(error.message));
 * ```
 *
 * @see {@link https://man7.org/linux/man-pages/man1/tar.1.html | tar(1)}
 */
export function archive(
  root: string,
  dest: string,
  options: ArchiveOptions = {},
): ResultAsync<ArchiveReport, HacoError> {
  const type = options.type ?? endings.find(([ending]) => ending.test(dest))?.[1];
  const issues: Issue[] = [
    ...checkPath('root', root),
    ...checkPath('dest', dest),
    ...checkExcludes(options.excludes),
    ...(options.tarOptions ?? []).flatMap((option, index) =>
      option.startsWith('-') && !option.includes('\0')
        ? []
        : [issue(`tarOptions[${String(index)}]`, `${quote(option)} is no option, which begins with "-"`)],
    ),
  ];
  if (type === undefined || !['none', 'gz', 'bz2', 'xz', 'zstd'].includes(type)) {
    issues.push(issue('type', `can't be told by the name ${quote(dest)}; give none, gz, bz2, xz or zstd`));
  }
  if (type === undefined || issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
  return packRoot(root, dest, { ...options, type });
}

/** What {@link exportImage} takes: what the image says about its process, and how it is written. */
export interface ExportImageOptions extends PrepareContext, Partial<ImageConfig> {
  /** `os/architecture`; that of this machine when left out. */
  readonly platform?: string;
  /** Name within the layout, e.g. `web:1`; `latest` when left out. */
  readonly tag?: string;
  /** As of {@link ArchiveOptions}. */
  readonly excludes?: readonly string[];
}

/**
 * Write a root directory as an OCI image of one layer: a layout directory, or one archive when the name ends in `.tar`. `skopeo copy
 * oci:…` (or `oci-archive:…`) takes it to a registry. The same tree gives the same bytes: nothing in it tells when it was made.
 *
 * Errors: as {@link archive}; `conflict`, when a directory that isn't empty has the name of the layout.
 *
 * @example
 * ```ts
 * import { exportImage } from '@haco/bootstrap';
 * await exportImage('/srv/roots/web', '/srv/web.tar', { cmd: ['/usr/sbin/nginx'], env: { LANG: 'C.UTF-8' } });
 * ```
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/image-layout.md | OCI image layout}
 */
export function exportImage(
  root: string,
  dest: string,
  options: ExportImageOptions = {},
): ResultAsync<ExportedImage, HacoError> {
  const { platform, tag } = options;
  const issues = [
    ...checkPath('root', root),
    ...checkPath('dest', dest),
    ...checkExcludes(options.excludes),
    ...(platform === undefined || parsePlatform(platform) !== undefined
      ? []
      : [issue('platform', `${quote(platform)} is no platform, e.g. "linux/arm64"`)]),
    ...(tag === undefined || /^[A-Za-z0-9][\w.:/@+-]*$/.test(tag)
      ? []
      : [issue('tag', `${quote(tag)} is no name of an image`)]),
  ];
  return issues.length > 0 ? errAsync(new InvalidSpecError({ issues })) : writeImage(root, dest, options);
}

function checkExcludes(excludes: readonly string[] = []): readonly Issue[] {
  return excludes.flatMap((pattern, index) => checkPath(`excludes[${String(index)}]`, pattern));
}
