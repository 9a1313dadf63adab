/** Has a root made from an archive. */
import { type HacoError, parseBytes } from '@haco/plan';
import type { ResultAsync } from 'neverthrow';
import type { TarballSpec } from '../strategies/tarball.js';
import type { PrepareContext } from '../strategy.js';
import { openArchive } from './compression.js';
import { toHacoError } from './failure.js';
import { makeOnce } from './stage.js';
import { defaultLimits, unpack } from './unpack.js';

export function prepareTarball(spec: TarballSpec, context: PrepareContext): ResultAsync<void, HacoError> {
  const { archive, target, limits = {} } = spec;
  return makeOnce(target, context, async ({ root }) => {
    try {
      const input = await openArchive(archive, { signal: context.signal, target });
      const bytes = limits.size === undefined ? defaultLimits.bytes : parseBytes(limits.size).unwrapOr(0);
      const entries = limits.entries ?? defaultLimits.entries;
      await unpack({ ...context, input, root, target, archive, limits: { bytes, entries } });
    } catch (thrown) {
      throw toHacoError(thrown, 'unpack', archive);
    }
  });
}
