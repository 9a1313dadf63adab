/** `start`: let the command of a created container run. */
import { findContainer } from '../find-container.js';
import { startContainer } from '../start-container.js';
import type { Run } from './command.js';

export const run: Run = async ({ root, rest, warn }) => {
  const found = findContainer(root, rest[0] ?? '');
  if (found.isErr()) return found.map(() => 1);
  return (await startContainer(found.value, warn)).map(() => 0);
};
