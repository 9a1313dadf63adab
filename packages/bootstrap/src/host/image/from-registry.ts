/** Images of a registry. */
import { createHash } from 'node:crypto';
import type { ImageSpec } from '../../strategies/image.js';
import { type RegistryReference, showReference } from '../../oci/reference.js';
import { checkDocumentSize, readText, wrongDigest } from './blob.js';
import { cachedBlob, defaultCache, dropBlob } from './cache.js';
import { authFiles, findCredentials } from './credentials.js';
import { findImage } from './find-image.js';
import { Registry } from './registry.js';
import type { ImageSource, Watching } from './source.js';

export function fromRegistry(
  spec: Omit<ImageSpec, 'strategy' | 'target'>,
  reference: RegistryReference,
  watching: Watching,
): ImageSource {
  const name = showReference(reference);
  const cache = spec.cache ?? defaultCache();
  const files = spec.authFile === undefined ? authFiles() : [spec.authFile];
  let known: ReturnType<typeof findCredentials> | undefined;
  const registry = new Registry({
    reference,
    mirrors: spec.mirrors ?? [],
    plainHttp: spec.plainHttp ?? false,
    credentials: () => (known ??= findCredentials(reference.registry, reference.repository, files)),
    signal: watching.signal,
  });
  const open = (promised: { readonly digest: string; readonly size: number }, isDocument = false) =>
    cachedBlob({
      ...watching,
      cache,
      registry,
      promised,
      name,
      ...(isDocument ? { onTransfer: () => undefined } : {}),
    });
  return {
    find: (platform) =>
      findImage(
        {
          name,
          top: async () => {
            const { text, bytes, mediaType } = await registry.manifest(reference.tag);
            const digest = checkTop(name, reference.tag, bytes);
            return { text, mediaType, digest };
          },
          document: async (descriptor) => {
            checkDocumentSize(name, descriptor.size);
            // Manifests have their own address; what isn't one is a blob.
            if (/manifest|index/.test(descriptor.mediaType)) {
              const { text, bytes } = await registry.manifest(descriptor.digest);
              checkTop(name, descriptor.digest, bytes);
              return text;
            }
            const blob = await open(descriptor, true);
            try {
              return await readText(blob);
            } finally {
              await blob.file.close();
            }
          },
          open,
          drop: (descriptor) => dropBlob(cache, descriptor),
        },
        platform,
      ),
    close: async () => undefined,
  };
}

/** The digest of a manifest; where it was asked for by digest, it must be that one. */
function checkTop(name: string, tag: string, bytes: Buffer): string {
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (tag.includes(':') && tag !== found) throw wrongDigest(name, { digest: tag, size: bytes.length }, found);
  return found;
}
