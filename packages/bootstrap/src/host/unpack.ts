/** Unpacks an archive that nobody vouches for into an empty directory. */
import { type Readable } from 'node:stream';
import { formatBytes, IoError } from '@haco/plan';
import type { PrepareContext } from '../strategy.js';
import { Budget, type Limits } from './budget.js';
import { feed } from './feed.js';
import { Tree } from './tree.js';

/** What to unpack and where. */
export interface Unpacking extends PrepareContext {
  /** The uncompressed archive. */
  readonly input: Readable;
  /** An empty directory that nobody else writes to. */
  readonly root: string;
  /** How the root will be called, for errors. */
  readonly target: string;
  /** Path of the archive, for errors. */
  readonly archive: string;
  readonly limits: Limits;
}

/** Far beyond any system, well below a disk. */
export const defaultLimits = { bytes: 32 * 1024 ** 3, entries: 1_000_000 };

/** Rejects, with the directory half filled, when the archive is broken, hostile, or too large. */
export async function unpack({ input, root, target, archive, limits, signal, onProgress }: Unpacking): Promise<void> {
  const refuse = (hint: string) => new IoError({ what: 'unpack', path: archive, errno: '', hint });
  const budget = new Budget(limits);
  const isRoot = process.geteuid?.() === 0;
  const tree = Tree.open(root, { isRoot, target, refuse, signal, report: onProgress });
  const add = tree.add.bind(tree);
  try {
    await feed({ input, budget, refuse, target, signal, report: onProgress, take: add });
    if (budget.entries === 0) throw refuse('it has no entries');
    await tree.finish();
  } finally {
    tree.close();
  }
  onProgress?.(`unpacked ${String(budget.entries)} entries, ${formatBytes(budget.bytes)}`);
}
