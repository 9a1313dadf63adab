/** Whether a container that waits has the command that is about to be sent: one that it doesn't have empties no file. */
import { openBelow } from '@haco/sys';
import { O_PATH } from '../o-path.js';
import { candidates } from '../process/candidates.js';
import type { ProcessSection } from '../process/section.js';
import { closeQuietly } from '../streams/descriptors.js';
import type { Parked } from './parked.js';

/** True when it is missing for certain. */
export async function isMissing(section: ProcessSection, parked: Parked): Promise<boolean> {
  const paths = candidates(section).map(({ path }) => path);
  // A relative path begins where the container's working directory is.
  if (paths.some((path) => !path.startsWith('/'))) return false;
  const root = (await parked.root()).andThen(({ open }) => open());
  // It has ended; the caller finds out.
  if (root.isErr()) return false;
  const found = paths.some((path) => {
    const fd = openBelow({ root: root.value, path, flags: O_PATH });
    if (fd >= 0) closeQuietly(fd);
    // EACCES and the like: an answer for Node isn't one for the container.
    return fd >= 0 || ![-2, -20].includes(fd);
  });
  closeQuietly(root.value);
  return !found;
}
