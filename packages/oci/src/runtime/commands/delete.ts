/** `delete`: remove what is left of a container. */
import { ok } from 'neverthrow';
import { deleteContainer } from '../delete-container.js';
import { findContainer } from '../find-container.js';
import { RecordDirectory } from '../container-record.js';
import type { Run } from './command.js';

export const run: Run = async ({ root, options, rest }) => {
  const id = rest[0] ?? '';
  const force = options['force'] === true;
  const found = findContainer(root, id);
  if (found.isErr()) {
    if (!force || found.error.kind === 'invalid-spec') return found.map(() => 1);
    // With --force, what isn't there is as good as deleted; half of a state goes, too.
    return RecordDirectory.of(root, id)
      .andThen((directory) => directory.discard())
      .map(() => 0);
  }
  return (await deleteContainer(found.value, force)).andThen(() => ok(0));
};
