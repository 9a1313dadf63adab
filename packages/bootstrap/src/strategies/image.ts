/** A root filesystem from an OCI or Docker image. */
import { type Issue, issue, quote } from '@haco/plan';
import { checkPath, checkTarget, Fields } from '../fields.js';
import { parsePlatform } from '../oci/platform.js';
import { parseReference } from '../oci/reference.js';
import type { Strategy } from '../strategy.js';
import { parseLimits, type UnpackLimits, validateLimits } from './limits.js';
import { late } from '../late.js';

const prepareImage = late(async () => (await import('../host/image/prepare.js')).prepareImage);

/** What `image()` takes besides the name. */
export interface ImageOptions {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  /** `os/architecture` or `os/architecture/variant`, e.g. `linux/arm/v7`; that of this machine when left out. */
  readonly platform?: string;
  /** Which image of a layout or archive; may be left out when there is one only. */
  readonly tag?: string;
  /** Hosts or base URLs that are asked before the registry itself, without credentials. */
  readonly mirrors?: readonly string[];
  /** Speak HTTP without TLS to the registry and its mirrors. On this very machine (loopback) that is so anyway. */
  readonly plainHttp?: boolean;
  /**
   * File with credentials, as `docker login` writes it. When left out: `$REGISTRY_AUTH_FILE`, the files of podman and skopeo, then
   * `~/.docker/config.json`, with its credential helpers.
   */
  readonly authFile?: string;
  /**
   * Directory where layers are kept by digest, for all images. `/var/cache/haco` for root, else `$XDG_CACHE_HOME/haco` or
   * `~/.cache/haco` when left out. It may be removed at any time.
   */
  readonly cache?: string;
  readonly limits?: UnpackLimits;
}

/** Spec of `image()`. */
export interface ImageSpec extends ImageOptions {
  readonly strategy: 'image';
  /** Name in a registry, or path of a layout or an archive. */
  readonly image: string;
}

/**
 * A root filesystem from an image: of a registry (`'debian:12'`, `'registry.example:5000/team/web@sha256:…'`), an OCI layout as directory
 * or archive, or an archive of `docker save`; paths begin with `/` or `./`.
 *
 * Nothing in it is trusted: sizes and sha256 digests of everything that was downloaded are verified before anything is unpacked, and those
 * of the unpacked content before the root gets its name; entries that lead out of the target fail the whole. As root, owners, modes,
 * links, times, devices and extended attributes (file capabilities) are kept; for an ordinary user, files belong to the user, and what
 * can't be is left out and reported.
 *
 * @param name - Name in a registry, or path of a layout or an archive.
 *
 * @example
 * ```ts
 * import { image } from '@haco/bootstrap';
 * image('debian:12-slim', { target: '/srv/roots/debian' });
 * image('./web.tar', { target: '/srv/roots/web', platform: 'linux/arm64' });
 * ```
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/spec.md | OCI image}, {@link imageConfig}
 */
export function image(name: string, options: ImageOptions): ImageSpec {
  return { strategy: 'image', image: name, ...options };
}

export const imageStrategy: Strategy<ImageSpec> = {
  name: 'image',
  parse: (json) => {
    const fields = new Fields(json, [
      'strategy', 'image', 'target', 'platform', 'tag', 'mirrors', 'plainHttp', 'authFile', 'cache', 'limits',
    ]); // prettier-ignore
    return fields.finish({
      strategy: 'image',
      image: fields.required('image'),
      target: fields.required('target'),
      ...fields.optional('platform'),
      ...fields.optional('tag'),
      ...fields.list('mirrors'),
      ...fields.boolean('plainHttp'),
      ...fields.optional('authFile'),
      ...fields.optional('cache'),
      ...parseLimits(json['limits'], fields.issues),
    });
  },
  validate: (spec) => [...validateSource(spec), ...checkTarget(spec.target), ...validateLimits(spec.limits)],
  source: ({ target }) => ({ path: target }),
  prepare: prepareImage,
};

/** The problems of where the image comes from. */
export function validateSource(spec: Omit<ImageSpec, 'strategy' | 'target' | 'limits'>): readonly Issue[] {
  const { image: name, platform, tag, mirrors = [], authFile, cache } = spec;
  if (typeof (name as unknown) !== 'string') return [issue('image', 'must be a text')];
  return [
    ...parseReference(name).match(
      (reference) => {
        if (reference.kind === 'path') return checkPath('image', name);
        return tag === undefined
          ? []
          : [issue('tag', 'is for layouts and archives; in a registry it is part of the name')];
      },
      (problem) => [issue('image', `${quote(name)} ${problem}`)],
    ),
    ...(platform === undefined || parsePlatform(platform) !== undefined
      ? []
      : [issue('platform', `${quote(platform)} is no platform, e.g. "linux/arm64" or "linux/arm/v7"`)]),
    ...mirrors.flatMap((mirror, index) =>
      /^(https?:\/\/)?[A-Za-z0-9.[\]:_-]+(\/[\w./-]*)?$/.test(mirror)
        ? []
        : [issue(`mirrors[${String(index)}]`, `${quote(mirror)} is neither a host nor a base URL without a password`)],
    ),
    ...(authFile === undefined ? [] : checkPath('authFile', authFile)),
    ...(cache === undefined ? [] : checkPath('cache', cache)),
  ];
}
