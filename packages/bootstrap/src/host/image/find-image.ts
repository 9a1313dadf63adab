/** From the name of an image to its configuration and layers: index, manifest, configuration, each checked. */
import { type HacoError, IoError, NotFoundError } from '@haco/plan';
import type { Result } from 'neverthrow';
import { type ConfigFile, type Descriptor, parseConfig, parseIndex, parseManifest } from '../../oci/documents.js';
import { indexTypes, isLayerType, manifestTypes } from '../../oci/media-types.js';
import { choosePlatform, type Platform, showPlatform } from '../../oci/platform.js';
import type { BlobStore, Image } from './source.js';

/** An index may hold an index, but nobody needs many. */
const deepest = 3;

export async function findImage(store: BlobStore, platform: Platform): Promise<Image> {
  let at = await store.top();
  for (let depth = 0; isIndex(at); depth += 1) {
    if (depth === deepest) throw broken(store, 'its indexes are nested too deeply');
    const { manifests } = valid(store, parseIndex(at.text));
    const chosen = chooseManifest(store, manifests, platform);
    at = { text: await store.document(chosen), mediaType: chosen.mediaType, digest: chosen.digest };
  }
  if (at.mediaType !== '' && !manifestTypes.includes(at.mediaType)) throw wrongType(store, at.mediaType);
  const manifest = valid(store, parseManifest(at.text));
  if (manifest.mediaType !== undefined && !manifestTypes.includes(manifest.mediaType)) {
    throw wrongType(store, manifest.mediaType);
  }
  for (const { mediaType } of manifest.layers) {
    if (!isLayerType(mediaType)) throw wrongType(store, mediaType);
  }
  const config = valid(store, parseConfig(await store.document(manifest.config)));
  checkPlatform(store, config, platform);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw broken(
      store,
      `its manifest has ${String(manifest.layers.length)} layers, its configuration ${String(diffIds.length)}`,
    );
  }
  return {
    digest: at.digest,
    config,
    layers: manifest.layers.map((descriptor, index) => ({
      diffId: diffIds[index] ?? '',
      promised: descriptor,
      open: () => store.open(descriptor),
      ...(store.drop === undefined ? {} : { drop: async () => store.drop?.(descriptor) }),
    })),
  };
}

/** By its type; by its content where a registry or a layout gives none. */
function isIndex({ mediaType, text }: { readonly mediaType: string; readonly text: string }): boolean {
  if (indexTypes.includes(mediaType)) return true;
  return !manifestTypes.includes(mediaType) && parseIndex(text).isOk() && parseManifest(text).isErr();
}

function chooseManifest(store: BlobStore, manifests: readonly Descriptor[], platform: Platform): Descriptor {
  // Beside images there may be what describes them, e.g. attestations, of the platform "unknown".
  const images = manifests.filter(({ mediaType }) => isManifestOrIndex(mediaType));
  const [only] = images;
  if (images.length === 1 && only !== undefined && only.platform === undefined) return only;
  const chosen = choosePlatform(images, platform);
  if (chosen !== undefined) return chosen;
  const there = images.map((one) => (one.platform === undefined ? 'one without a name' : showPlatform(one.platform)));
  throw new NotFoundError({
    what: `image for ${showPlatform(platform)}`,
    subject: store.name,
    remedy: there.length === 0 ? 'it holds no image' : `it is for ${there.join(', ')}; choose one with "platform"`,
  });
}

const isManifestOrIndex = (type: string) => type === '' || manifestTypes.includes(type) || indexTypes.includes(type);

export function checkPlatform(store: { readonly name: string }, config: ConfigFile, platform: Platform): void {
  const { os, architecture } = config;
  const other = (has: string | undefined, wanted: string) => has !== undefined && has !== '' && has !== wanted;
  if (!other(os, platform.os) && !other(architecture, platform.architecture)) return;
  throw new NotFoundError({
    what: `image for ${showPlatform(platform)}`,
    subject: store.name,
    remedy: `it is for ${os ?? '?'}/${architecture ?? '?'}; choose that with "platform", or another image`,
  });
}

export function valid<T>(store: { readonly name: string }, result: Result<T, string>): T {
  return result.match(
    (value) => value,
    (problem) => {
      throw broken(store, problem);
    },
  );
}

export function broken({ name }: { readonly name: string }, hint: string): HacoError {
  return new IoError({ what: 'read the image', path: name, errno: '', hint });
}

function wrongType(store: BlobStore, mediaType: string): HacoError {
  return broken(store, `it holds ${JSON.stringify(mediaType)}, which is no layer and no manifest of a root filesystem`);
}
