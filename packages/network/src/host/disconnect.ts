/** Taking away what was made for one container, whatever its mode. The caller holds the lock. */
import type { HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { Attachment, NetworkState } from '../attachment.js';
import { disconnectBridge } from './bridge.js';
import { disconnectCni } from './cni/disconnect.js';
import { removeEtc } from './etc-files.js';
import { showNeighbours } from './neighbours.js';
import { stopProgram } from './program.js';
import { writeState } from './state.js';

/** Take it away, and forget it; gives what is left. */
export async function disconnect(
  directory: string,
  attachment: Attachment,
  state: NetworkState,
): Promise<Result<NetworkState, HacoError>> {
  const remember = (next: NetworkState): Result<void, HacoError> => writeState(directory, next);
  const forget = (): Result<NetworkState, HacoError> => {
    const next = { ...state, attachments: state.attachments.filter(({ id }) => id !== attachment.id) };
    return remember(next).map(() => next);
  };
  removeEtc(`${directory}/etc/${attachment.container}`);
  switch (attachment.made.kind) {
    case 'bridge': {
      const left = await disconnectBridge(directory, attachment, state, remember);
      if (left.isOk()) showNeighbours(directory, left.value, attachment);
      return left;
    }
    case 'cni': {
      const removed = await disconnectCni(attachment.container, attachment.made);
      return removed.isErr() ? err(removed.error) : forget();
    }
    case 'program':
      await stopProgram(attachment.made);
      return ok(undefined).andThen(forget);
  }
}
