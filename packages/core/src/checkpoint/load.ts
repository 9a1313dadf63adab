/** The pieces of which checkpoints are made, for programs that keep the state of containers themselves. */
import type * as pieces from './for-runtimes.js';

/** The pieces. */
export type CheckpointPieces = typeof pieces;

/** The pieces of `checkpoint()` and `restore()`, for a runtime such as `haco-oci`, which has its own states; loaded by the first call. */
export function checkpointPieces(): Promise<CheckpointPieces> {
  return import('./for-runtimes.js');
}
