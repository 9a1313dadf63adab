/** A root filesystem from a tar archive, whoever wrote it. */
import { checkPath, checkTarget, Fields } from '../fields.js';
import type { Strategy } from '../strategy.js';
import { parseLimits, type UnpackLimits, validateLimits } from './limits.js';
import { late } from '../late.js';

const prepareTarball = late(async () => (await import('../host/tarball.js')).prepareTarball);

/** What {@link tarball} takes besides the archive. */
export interface TarballOptions {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  readonly limits?: UnpackLimits;
}

/** Spec of {@link tarball}. */
export interface TarballSpec extends TarballOptions {
  readonly strategy: 'tarball';
  /** Path of the archive on the host. */
  readonly archive: string;
}

/**
 * A root filesystem from a tar archive: plain, or compressed by gzip, bzip2, xz or zstd, told by content.
 *
 * The archive is not trusted: entries that would leave the target (absolute names, `..`, symbolic links that lead out)
 * fail the whole, and so does an archive that is cut off. As root, owners, modes, hard and symbolic links, times and
 * devices are kept; for an ordinary user, files belong to the user, and devices and set-id bits are left out and reported.
 * Extended attributes are kept, file capabilities by root only; those of overlays and of security modules are left out and reported.
 *
 * @param archive - Path of the archive on the host.
 *
 * @example
 * ```ts
 * import { tarball } from '@haco/bootstrap';
 * tarball('/srv/images/alpine.tar.gz', { target: '/srv/roots/alpine', limits: { size: '1GiB' } });
 * ```
 *
 * @see {@link https://man7.org/linux/man-pages/man1/tar.1.html | tar(1)}
 */
export function tarball(archive: string, options: TarballOptions): TarballSpec {
  return { strategy: 'tarball', archive, ...options };
}

export const tarballStrategy: Strategy<TarballSpec> = {
  name: 'tarball',
  parse: (json) => {
    const fields = new Fields(json, ['strategy', 'archive', 'target', 'limits']);
    const spec: TarballSpec = {
      strategy: 'tarball',
      archive: fields.required('archive'),
      target: fields.required('target'),
      ...parseLimits(json['limits'], fields.issues),
    };
    return fields.finish(spec);
  },
  validate: ({ archive, target, limits }) => [
    ...checkPath('archive', archive),
    ...checkTarget(target),
    ...validateLimits(limits),
  ],
  source: ({ target }) => ({ path: target }),
  prepare: prepareTarball,
};
