/** `checkpoint`: save a container, and end it unless it is to go on. */
import { err, ok } from 'neverthrow';
import { checkpointContainer } from '../checkpoint-container.js';
import { valueOf } from '../command-line.js';
import { readCriuFlags } from '../criu-flags.js';
import { findContainer } from '../find-container.js';
import type { Run } from './command.js';

export const run: Run = async ({ root, criu, options, rest, warn }) => {
  const asked = readCriuFlags(options).andThen((flags) =>
    findContainer(root, rest[0] ?? '').map((found) => ({ flags, found })),
  );
  if (asked.isErr()) return err(asked.error);
  const saved = await checkpointContainer({
    ...asked.value,
    criu,
    leaveRunning: options['leave-running'] === true,
    preDump: options['pre-dump'] === true,
    parentPath: valueOf(options, 'parent-path'),
    warn,
  });
  return saved.andThen(() => ok(0));
};
