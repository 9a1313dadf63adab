/** What every place that images come from can do. */
import type { ConfigFile, Descriptor } from '../../oci/documents.js';
import type { Platform } from '../../oci/platform.js';
import type { PrepareContext } from '../../strategy.js';
import type { Blob, Promised } from './blob.js';

/** One layer, in the order in which they are applied. */
export interface Layer {
  /** Digest of the uncompressed layer. */
  readonly diffId: string;
  /** Digest and size as it is stored, where the place promises any. */
  readonly promised: Promised | undefined;
  /** Its bytes, verified. The file is the caller's to close. */
  readonly open: () => Promise<Blob>;
  /** Called when its content is wrong though its digest was right. */
  readonly drop?: () => Promise<void>;
}

/** An image that was found. */
export interface Image {
  /** Digest of the manifest, or of the configuration where there is no manifest. */
  readonly digest: string;
  readonly config: ConfigFile;
  readonly layers: readonly Layer[];
}

/** A registry, a layout or an archive. */
export interface ImageSource {
  readonly find: (platform: Platform) => Promise<Image>;
  readonly close: () => Promise<void>;
}

/** Blobs by descriptor, and where to begin. */
export interface BlobStore {
  /** For errors. */
  readonly name: string;
  /** The index or manifest that the image was named by. */
  readonly top: () => Promise<{ readonly text: string; readonly mediaType: string; readonly digest: string }>;
  readonly document: (descriptor: Descriptor) => Promise<string>;
  readonly open: (descriptor: Descriptor) => Promise<Blob>;
  readonly drop?: (descriptor: Descriptor) => Promise<void>;
}

export type Watching = Pick<PrepareContext, 'signal' | 'onProgress' | 'onTransfer'>;
