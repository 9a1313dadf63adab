/** Where checkpoints are kept when nobody says where. */
import { join } from 'node:path';
import type { Result } from 'neverthrow';
import type { HacoError } from '@haco/plan';
import { stateDirectory, type StateOptions } from '../state/root.js';

/** No name of a container begins like this. */
const folder = '.checkpoints';

/** The directory of a container's checkpoint. Emptied at boot, as the state directory is. Errors: as {@link stateDirectory}. */
export function checkpointDirectory(name: string, options: StateOptions = {}): Result<string, HacoError> {
  return stateDirectory(options).map((root) => join(root, folder, name));
}
