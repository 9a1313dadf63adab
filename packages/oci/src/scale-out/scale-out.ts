/** A definition as the text of files by which others start it. */
import { issue, misfits, readArguments, type Builder, type Cluster, type HacoError, type Issue } from '@haco/core';
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { acceptShape } from '../accept.js';
import { refusal } from './refuse.js';
import { toCompose, toKube, toQuadlet, type ScaleOutOptions } from './to-formats.js';
import { unitText } from './unit-text.js';
import { yamlText } from './yaml-text.js';

/** Formats that {@link scaleOut} writes. */
export const scaleOutFormats = ['kube', 'compose', 'quadlet'] as const;
/** One of {@link scaleOutFormats}. */
export type ScaleOutFormat = (typeof scaleOutFormats)[number];

/** How files are written. */
export interface ScaleOutTextOptions extends ScaleOutOptions {
  /**
   * What may be left out because the format can't say it: paths of the spec such as `landlock` or `control.timeoutMs`, as the errors name
   * them, with or without `cluster.<member>.`. Each stands for what is below it, too.
   */
  readonly accept?: readonly string[];
}

/** Files that are to be written. */
export interface ScaledOut {
  /** One, or one for each container where the format is quadlet. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** What was accepted: its path in the spec, and why the format can't say it. */
  readonly notRepresented: readonly Issue[];
}

/**
 * The files of a format for a container or a cluster: a manifest for Kubernetes and `podman kube play`, a compose file, or quadlets. What the
 * format can't say is an error unless `accept` names it: somebody else will run this, and should know.
 *
 * Errors: as {@link toKube}; `unsupported`, with what can't be said.
 *
 * @example
 * ```ts
 * import { haco, orThrow } from '@haco/core';
 * import { scaleOut } from '@haco/oci';
 * const web = haco().name('web').unshare('pid').memory('256MiB').restart('always').command('/bin/server');
 * const { files } = await orThrow(scaleOut(web, 'kube', { image: 'registry.example/web:1', runtimeClass: 'haco' }));
 * for (const { name, text } of files) console.log(`# ${name}\n${text}`);
 * ```
 */
export function scaleOut(
  described: Builder | Cluster,
  format: ScaleOutFormat,
  options: ScaleOutTextOptions = {},
): ResultAsync<ScaledOut, HacoError> {
  return new ResultAsync(write(described, format, options));
}

interface Written {
  readonly notRepresented: readonly Issue[];
  readonly files: () => Promise<ScaledOut['files']>;
}

const writers: Readonly<
  Record<ScaleOutFormat, (described: Builder | Cluster, options: ScaleOutOptions) => Result<Written, HacoError>>
> = {
  kube: (described, options) =>
    toKube(described, options).map(({ objects, notRepresented }) => ({
      notRepresented,
      files: async () => [{ name: 'kube.yaml', text: await yamlText(objects) }],
    })),
  compose: (described, options) =>
    toCompose(described, options).map(({ file, notRepresented }) => ({
      notRepresented,
      files: async () => [{ name: 'compose.yaml', text: await yamlText([file]) }],
    })),
  quadlet: (described, options) =>
    toQuadlet(described, options).map(({ quadlets, notRepresented }) => ({
      notRepresented,
      files: () => Promise.resolve(quadlets.map(({ file, sections }) => ({ name: file, text: unitText(sections) }))),
    })),
};

async function write(
  described: Builder | Cluster,
  format: ScaleOutFormat,
  given: ScaleOutTextOptions,
): Promise<Result<ScaledOut, HacoError>> {
  const options = readArguments(given, 'the options', (read) =>
    scaleOutFormats.includes(format)
      ? misfits(read, acceptShape, 'options')
      : [issue('', `the format is one of ${scaleOutFormats.join(', ')}`)],
  );
  if (options.isErr()) return err(options.error);
  const { accept = [], ...rest } = options.value;
  const written = writers[format](described, rest);
  if (written.isErr()) return err(written.error);
  const { files, notRepresented } = written.value;
  const refused = refusal(format, notRepresented, { accept, members: membersOf(described) });
  return refused === undefined ? ok({ files: await files(), notRepresented }) : err(refused);
}

function membersOf(described: Builder | Cluster): readonly string[] {
  if (!('containers' in described)) return [];
  return described
    .containers()
    .map((all) => all.map(({ member }) => member))
    .unwrapOr([]);
}
