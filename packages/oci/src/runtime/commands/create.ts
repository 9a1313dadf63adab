/** `create`: a container that is complete, and waits. */
import { err, ok } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { createContainer } from '../create-container.js';
import { leave } from '../leave.js';
import { preservedFds } from '../preserved-fds.js';
import type { Run } from './command.js';

export const run: Run = async ({ root, cgroupManager, options, rest, warn }) => {
  const preserved = preservedFds(options);
  if (preserved.isErr()) return err(preserved.error);
  const [pidFile, consoleSocket] = [valueOf(options, 'pid-file'), valueOf(options, 'console-socket')];
  const created = await createContainer({
    root,
    id: rest[0] ?? '',
    bundle: valueOf(options, 'bundle') ?? '.',
    cgroupManager,
    preserved: preserved.value,
    warn,
    waits: true,
    outlives: true,
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
  });
  if (created.isErr()) return created.map(() => 1);
  await leave(created.value.launched);
  return ok(0);
};
