/** Has a root made from an image: found, downloaded, verified, unpacked, in this order. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes, type HacoError, IoError, parseBytes } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import type { ConfigFile } from '../../oci/documents.js';
import { parsePlatform, platformOf } from '../../oci/platform.js';
import { parseReference, showReference } from '../../oci/reference.js';
import type { ImageConfig } from '../../image-config.js';
import type { ImageSpec } from '../../strategies/image.js';
import type { PrepareContext } from '../../strategy.js';
import { toHacoError } from '../failure.js';
import { makeOnce } from '../stage.js';
import { defaultLimits } from '../unpack.js';
import { fromFiles } from './from-files.js';
import { fromRegistry } from './from-registry.js';
import { applyLayers, type OpenLayer } from './layers.js';
import type { Image, ImageSource, Watching } from './source.js';

/** Downloads at the same time. */
const parallel = 3;

export function prepareImage(spec: ImageSpec, context: PrepareContext): ResultAsync<void, HacoError> {
  const { target } = spec;
  return makeOnce(target, context, async ({ root, scratch }) => {
    const stop = new AbortController();
    const signals = [stop.signal, ...(context.signal === undefined ? [] : [context.signal])];
    const watching: Watching = { ...context, signal: AbortSignal.any(signals) };
    const { name, source } = await openSource(spec, watching, scratch);
    const opened: OpenLayer[] = [];
    try {
      const image = await source.find(platformFor(spec));
      const limits = limitsOf(spec);
      checkDownload(image, limits.bytes, name);
      context.onProgress?.(`${name}: ${image.digest}, ${String(image.layers.length)} layers`);
      await openLayers(image, opened, stop);
      const isRoot = process.geteuid?.() === 0;
      await applyLayers(opened, { ...watching, name, root, target, isRoot, limits });
      return { image: { name, digest: image.digest, config: configOf(image.config) } };
    } catch (thrown) {
      throw toHacoError(thrown, 'make a root from the image', name);
    } finally {
      for (const { blob } of opened) await blob.file.close();
      await source.close();
    }
  });
}

/** Look into an image without making anything. */
export async function withImage<T>(
  spec: Omit<ImageSpec, 'strategy' | 'target'>,
  watching: Watching,
  use: (image: Image) => T,
): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'haco-image-'));
  try {
    const { source } = await openSource(spec, watching, scratch);
    try {
      return use(await source.find(platformFor(spec)));
    } finally {
      await source.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The words of the configuration in our own; pure. */
export function configOf({ config }: ConfigFile): ImageConfig {
  const env = (config?.Env ?? []).map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  const text = (value: string | null | undefined) => (value === '' ? undefined : (value ?? undefined));
  return {
    env: Object.fromEntries(env),
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    user: text(config?.User),
    workdir: text(config?.WorkingDir),
    labels: config?.Labels ?? {},
    ports: Object.keys(config?.ExposedPorts ?? {}),
    volumes: Object.keys(config?.Volumes ?? {}),
    stopSignal: text(config?.StopSignal),
  };
}

async function openSource(
  spec: Omit<ImageSpec, 'strategy' | 'target'>,
  watching: Watching,
  scratch: string,
): Promise<{ readonly name: string; readonly source: ImageSource }> {
  const reference = parseReference(spec.image).match(
    (read) => read,
    (problem) => {
      throw new IoError({ what: 'find the image', path: spec.image, errno: '', hint: `it ${problem}` });
    },
  );
  const name = showReference(reference);
  if (reference.kind === 'registry') return { name, source: fromRegistry(spec, reference, watching) };
  const largest = limitsOf(spec).bytes;
  return { name, source: await fromFiles(spec, reference.path, { ...watching, scratch, largest }) };
}

function platformFor({ platform }: Pick<ImageSpec, 'platform'>) {
  return (platform === undefined ? undefined : parsePlatform(platform)) ?? platformOf(process.arch);
}

function limitsOf({ limits = {} }: Pick<ImageSpec, 'limits'>) {
  const bytes = limits.size === undefined ? defaultLimits.bytes : parseBytes(limits.size).unwrapOr(0);
  return { bytes, entries: limits.entries ?? defaultLimits.entries };
}

/** What is larger when compressed than it may be unpacked needn't be downloaded. */
function checkDownload({ layers }: Image, limit: number, path: string): void {
  const total = layers.reduce((sum, { promised }) => sum + (promised?.size ?? 0), 0);
  if (total <= limit) return;
  const hint = `its layers have ${formatBytes(total)}, more than ${formatBytes(limit)}; raise limits.size if you trust it`;
  throw new IoError({ what: 'unpack', path, errno: '', hint });
}

/** All layers, some at the same time. The first failure is the answer, and ends the others. */
async function openLayers({ layers }: Image, opened: OpenLayer[], stop: AbortController): Promise<void> {
  const waiting = [...layers.entries()];
  const found = new Map<number, OpenLayer>();
  let failure: { readonly thrown: unknown } | undefined;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined && failure === undefined; next = waiting.shift()) {
      const [index, layer] = next;
      try {
        const open = { layer, blob: await layer.open() };
        found.set(index, open);
      } catch (thrown) {
        failure ??= { thrown };
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  opened.push(...[...found].sort(([a], [b]) => a - b).map(([, layer]) => layer));
  if (failure !== undefined) throw failure.thrown;
}
