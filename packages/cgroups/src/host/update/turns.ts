/** Changes of one group are made one after the other, through whatever handles this process has of it. */
import type { GroupDir } from '../group-dir.js';

/** By directory: resolves when the last change that was asked for is over. */
const last = new Map<string, Promise<void>>();

/** Do it when nobody else in this process changes one of these directories. */
export async function inTurn<T>(dirs: readonly GroupDir[], perform: () => Promise<T>): Promise<T> {
  const paths = dirs.map(({ path }) => path);
  const before = Promise.all(paths.flatMap((path) => last.get(path) ?? []));
  let over = (): void => undefined;
  const mine = new Promise<void>((resolve) => {
    over = resolve;
  });
  // In one go for all directories: two changes never wait for each other.
  for (const path of paths) last.set(path, mine);
  try {
    await before;
    return await perform();
  } finally {
    over();
    for (const path of paths) if (last.get(path) === mine) last.delete(path);
  }
}
