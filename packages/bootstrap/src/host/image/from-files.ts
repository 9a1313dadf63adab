/** Images in files of this host: OCI layouts as directories or archives, and what `docker save` writes. */
import { createHash } from 'node:crypto';
import { open, type FileHandle, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IoError, NotFoundError } from '@haco/plan';
import type { ImageSpec } from '../../strategies/image.js';
import { type Descriptor, type Index, parseConfig, parseIndex, parseSaved } from '../../oci/documents.js';
import { errnoOf } from '../failure.js';
import { type Blob, checkDocumentSize, readText, verify } from './blob.js';
import { Bundle } from './bundle.js';
import { broken, checkPlatform, findImage, valid } from './find-image.js';
import type { Image, ImageSource, Layer, Watching } from './source.js';

/** The files of an image by name, however they are kept. */
export interface ImageFiles {
  readonly name: string;
  /** undefined: there is none. */
  readonly open: (path: string) => Promise<Blob | undefined>;
  readonly close: () => Promise<void>;
}

type Source = Pick<ImageSpec, 'tag'>;

export interface Opened extends Watching {
  /** A directory for what must be decompressed first. */
  readonly scratch: string;
  /** To how many bytes. */
  readonly largest: number;
}

export async function fromFiles(spec: Source, path: string, opened: Opened): Promise<ImageSource> {
  const found = await stat(path).catch((thrown: unknown) => {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    throw new NotFoundError({ what: 'image', subject: path, remedy: 'check its path' });
  });
  const files = found.isDirectory() ? directoryFiles(path) : await Bundle.open(path, opened);
  return {
    find: async (platform) => {
      const index = await textOf(files, 'index.json');
      if (index !== undefined) return findImage(layoutStore(files, index, spec, opened), platform);
      const saved = await textOf(files, 'manifest.json');
      if (saved === undefined) {
        throw broken(
          files,
          'it has neither index.json, as OCI layouts have, nor manifest.json, as "docker save" writes',
        );
      }
      const image = await savedImage(files, saved, spec, opened);
      checkPlatform(files, image.config, platform);
      return image;
    },
    close: files.close,
  };
}

/** A layout is a directory of the user's: its links are followed as the user made them. */
function directoryFiles(directory: string): ImageFiles {
  return {
    name: directory,
    open: async (path) => {
      let file: FileHandle;
      try {
        file = await open(join(directory, path), 'r');
      } catch (thrown) {
        if (errnoOf(thrown) === 'ENOENT') return undefined;
        throw thrown;
      }
      const found = await file.stat();
      if (found.isFile()) return { file, offset: 0, size: found.size };
      await file.close();
      throw new IoError({ what: 'read the image', path: directory, errno: '', hint: `its ${path} is no regular file` });
    },
    close: async () => undefined,
  };
}

async function textOf(files: ImageFiles, path: string): Promise<string | undefined> {
  const blob = await files.open(path);
  if (blob === undefined) return undefined;
  try {
    checkDocumentSize(files.name, blob.size);
    return await readText(blob);
  } finally {
    await blob.file.close();
  }
}

function layoutStore(files: ImageFiles, index: string, { tag }: Source, { signal }: Watching) {
  const { name } = files;
  const openVerified = async (descriptor: Descriptor): Promise<Blob> => {
    const blob = await files.open(`blobs/sha256/${descriptor.digest.slice('sha256:'.length)}`);
    if (blob === undefined) throw broken(files, `its blob ${descriptor.digest} is missing`);
    try {
      await verify(blob, descriptor, name, signal);
      return blob;
    } catch (thrown) {
      await blob.file.close();
      throw thrown;
    }
  };
  return {
    name,
    top: async () => {
      const { manifests } = valid(files, parseIndex(index));
      const chosen = tag === undefined ? manifests : manifests.filter((one) => tagOf(one) === tag);
      if (chosen.length === 0) throw noSuchTag(name, tag, tagsOf(manifests));
      const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
      return { text: JSON.stringify({ manifests: chosen }), mediaType: indexType, digest };
    },
    document: async (descriptor: Descriptor) => {
      checkDocumentSize(name, descriptor.size);
      const blob = await openVerified(descriptor);
      try {
        return await readText(blob);
      } finally {
        await blob.file.close();
      }
    },
    open: openVerified,
  };
}

const indexType = 'application/vnd.oci.image.index.v1+json';
const tagOf = ({ annotations }: Descriptor) => annotations?.['org.opencontainers.image.ref.name'];

function tagsOf(manifests: Index['manifests']): readonly string[] {
  return manifests.map(tagOf).filter((tag) => tag !== undefined);
}

function noSuchTag(name: string, tag: string | undefined, there: readonly string[]): NotFoundError {
  const remedy = there.length === 0 ? 'it has no tags; leave "tag" out' : `it has ${there.join(', ')}`;
  return new NotFoundError({ what: `image ${JSON.stringify(tag ?? '')} in`, subject: name, remedy });
}

/** What `docker save` writes: no digests of layers as they lie there, but those of their content. */
async function savedImage(files: ImageFiles, text: string, { tag }: Source, { signal }: Watching): Promise<Image> {
  const all = valid(files, parseSaved(text));
  const [chosen, ...more] = tag === undefined ? all : all.filter(({ RepoTags }) => RepoTags?.includes(tag) === true);
  const tags = all.flatMap(({ RepoTags }) => RepoTags ?? []);
  if (chosen === undefined) throw noSuchTag(files.name, tag, tags);
  if (more.length > 0) throw broken(files, `it holds several images: ${tags.join(', ')}; choose one with "tag"`);
  const configText = await textOf(files, chosen.Config);
  if (configText === undefined) throw broken(files, `its ${JSON.stringify(chosen.Config)} is missing`);
  const digest = `sha256:${createHash('sha256').update(configText).digest('hex')}`;
  const promised = /([0-9a-f]{64})(?:\.json)?$/.exec(chosen.Config)?.[1];
  if (promised !== undefined && digest !== `sha256:${promised}`) {
    throw broken(files, `the content of its ${JSON.stringify(chosen.Config)} has the digest ${digest}`);
  }
  const config = valid(files, parseConfig(configText));
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== chosen.Layers.length) {
    const has = `its list has ${String(chosen.Layers.length)} layers, its configuration ${String(diffIds.length)}`;
    throw broken(files, has);
  }
  const layers = chosen.Layers.map((path, index): Layer => {
    const diffId = diffIds[index] ?? '';
    const openLayer = async () => {
      const blob = await files.open(path);
      if (blob === undefined) throw broken(files, `its layer ${JSON.stringify(path)} is missing`);
      return blob;
    };
    return { diffId, promised: undefined, open: () => openVerifiedLayer(openLayer, diffId, files.name, signal) };
  });
  return { digest, config, layers };
}

/** Uncompressed layers are checked before they are unpacked; compressed ones while they are. */
async function openVerifiedLayer(
  openLayer: () => Promise<Blob>,
  diffId: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  const blob = await openLayer();
  try {
    const head = Buffer.alloc(512);
    await blob.file.read(head, 0, Math.min(blob.size, head.length), blob.offset);
    if (head.toString('latin1', 257, 262) === 'ustar') {
      await verify(blob, { digest: diffId, size: blob.size }, name, signal);
    }
    return blob;
  } catch (thrown) {
    await blob.file.close();
    throw thrown;
  }
}
