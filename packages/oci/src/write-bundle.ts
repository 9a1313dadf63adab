/** From a builder to the directory of a bundle. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  ConflictError,
  InvalidSpecError,
  IoError,
  issue,
  misfits,
  NotFoundError,
  readArguments,
  type Builder,
  type HacoError,
  type Issue,
} from '@haco/core';
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import { acceptShape } from './accept.js';
import { configText } from './config-text.js';
import { isWithin } from './paths.js';
import { toConfig, type Exported, type ExportOptions } from './to-config.js';

/** How a bundle is written. */
export interface BundleOptions extends ExportOptions {
  /**
   * What may be left out because a configuration can't say it: paths of the spec such as `landlock` or `control.timeoutMs`, as the errors name
   * them. Each stands for what is below it, too.
   */
  readonly accept?: readonly string[];
}

/**
 * Write a bundle that any OCI runtime runs: a `config.json`, which names the root by its path. The directory is made when it isn't there.
 * What a configuration can't say is an error unless `accept` names it: somebody else will run this, and should know.
 *
 * Errors: as {@link toConfig}; `invalid-spec`, with what can't be said; `conflict`, when there is a `config.json`; `not-found`, when the root
 * isn't there (`create()` makes the one of `rootfs()`); `io`.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/bundle.md
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * import { writeBundle } from '@haco/oci';
 * const web = haco().unshare('pid', 'mount').chroot('/srv/roots/web').independent('procfs', 'dev').command('/bin/server');
 * await orThrow(writeBundle(web.timeout('1h'), '/srv/bundles/web', { accept: ['control.timeoutMs'] }));
 * // runc run --bundle /srv/bundles/web web
 * ```
 */
export function writeBundle(
  builder: Builder,
  directory: string,
  options: BundleOptions = {},
): ResultAsync<Exported, HacoError> {
  const issues = misfits(directory, 'text', 'directory');
  if (issues.length > 0) return errAsync(new InvalidSpecError({ issues }));
  return new ResultAsync(write(builder, resolve(directory), options));
}

async function write(builder: Builder, bundle: string, given: BundleOptions): Promise<Result<Exported, HacoError>> {
  const options = readArguments(given, 'the options', (read) => misfits(read, acceptShape, 'options'));
  if (options.isErr()) return err(options.error);
  const { accept = [], ...rest } = options.value;
  const exported = toConfig(builder, rest);
  if (exported.isErr()) return err(exported.error);
  const { config, notRepresented } = exported.value;
  const root = config.root.path;
  if (!(await isDirectory(root))) {
    const remedy = 'a bundle refers to a directory that is there; create() makes the one of rootfs()';
    return err(new NotFoundError({ what: 'rootfs', subject: root, remedy }));
  }
  // A root that create() makes is there.
  const refused = notRepresented.filter(({ path }) => path !== 'rootfs' && !accept.some((one) => isWithin(path, one)));
  if (refused.length > 0) return err(new InvalidSpecError({ issues: refused.map(offer) }));
  return (await writeConfig(bundle, configText(config))).map(() => exported.value);
}

function offer({ path, message }: Issue): Issue {
  return issue(path, `${message}; name this path in "accept" if that is fine`);
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await ResultAsync.fromPromise(stat(path), () => undefined);
  return found.isOk() && found.value.isDirectory();
}

async function writeConfig(bundle: string, text: string): Promise<Result<void, HacoError>> {
  const file = join(bundle, 'config.json');
  const errnoOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'EIO';
  const made = await ResultAsync.fromPromise(mkdir(bundle, { recursive: true }), errnoOf);
  if (made.isErr()) return err(ioError(bundle, made.error));
  // "x": what somebody has written there is never overwritten, nor is a link followed.
  const written = await ResultAsync.fromPromise(writeFile(file, text, { flag: 'wx' }), errnoOf);
  if (written.isOk()) return ok();
  if (written.error === 'EEXIST') {
    const remedy = 'remove it first, or give another directory';
    return err(new ConflictError({ what: 'bundle', subject: file, remedy }));
  }
  // Half of a file, as on a full disk, is no bundle; the first error is the one to tell.
  void (await ResultAsync.fromPromise(rm(file, { force: true }), errnoOf));
  return err(ioError(file, written.error));
}

function ioError(path: string, errno: string): IoError {
  return new IoError({
    what: 'write the bundle',
    path,
    errno,
    hint: 'give a directory that this process can write to',
  });
}
