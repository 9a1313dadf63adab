/** What an image says about the process in it. */
import { type HacoError, InvalidSpecError } from '@haco/plan';
import { errAsync, type ResultAsync } from 'neverthrow';
import { type ImageOptions, type ImageSpec, validateSource } from './strategies/image.js';
import type { PrepareContext } from './strategy.js';
import { late } from './late.js';

const readImageConfig = late(async () => (await import('./host/image/read-config.js')).readImageConfig);

/** Configuration of an image: what its author wants to run in it, and how. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  /** Begins the command; what a user gives takes the place of `cmd` only. */
  readonly entrypoint: readonly string[];
  /** The command, or arguments of the entry point. */
  readonly cmd: readonly string[];
  /** `user`, `user:group`, or numbers. */
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** e.g. `80/tcp`. */
  readonly ports: readonly string[];
  /** Directories for data. */
  readonly volumes: readonly string[];
  /** e.g. `SIGTERM`. */
  readonly stopSignal?: string | undefined;
}

/**
 * The configuration of an image: of a root that was made from one what was noted beside it, without any network; else it is asked for
 * where the image comes from, and nothing is unpacked.
 *
 * Errors: `invalid-spec`; `not-found`; `permission`; `io` (a broken image, no network, …); `state` (cancelled).
 *
 * @param image - what `image()` gives, or its name
 *
 * @example
 * ```ts
 * import { image, imageConfig } from '@haco/bootstrap';
 * const web = image('./web.tar', { target: '/srv/roots/web' });
 * const config = await imageConfig(web);
 * config.match(({ entrypoint, cmd }) => console.log(...entrypoint, ...cmd), (error) => console.error(error.message));
 * ```
 */
export function imageConfig(
  image: ImageSpec | string,
  context: PrepareContext & Omit<Partial<ImageOptions>, 'target' | 'limits'> = {},
): ResultAsync<ImageConfig, HacoError> {
  const { signal, onProgress, onTransfer, ...options } = context;
  const spec = typeof image === 'string' ? { image, ...options } : image;
  const issues = validateSource(spec);
  if (issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
  const watching = {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onTransfer === undefined ? {} : { onTransfer }),
  };
  return readImageConfig(spec, watching);
}
