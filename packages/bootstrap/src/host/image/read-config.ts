/** Reads the configuration of an image: from what was noted when it was unpacked, else from where it comes from. */
import type { HacoError } from '@haco/plan';
import { ResultAsync } from 'neverthrow';
import type { ImageConfig } from '../../image-config.js';
import { parseReference, showReference } from '../../oci/reference.js';
import type { ImageSpec } from '../../strategies/image.js';
import { toHacoError } from '../failure.js';
import { readRecord } from '../record.js';
import { configOf, withImage } from './prepare.js';
import type { Watching } from './source.js';

export function readImageConfig(
  spec: Omit<ImageSpec, 'strategy' | 'target'> & { readonly target?: string },
  watching: Watching,
): ResultAsync<ImageConfig, HacoError> {
  const read = async () => {
    const { image } = spec.target === undefined ? {} : await readRecord(spec.target);
    const name = parseReference(spec.image).map(showReference).unwrapOr(spec.image);
    // A root may have been made from an image of another name.
    if (image?.name === name) return image.config;
    return withImage(spec, watching, ({ config }) => configOf(config));
  };
  return ResultAsync.fromPromise(read(), (thrown) => toHacoError(thrown, 'read the image', spec.image));
}
