/** How many files of groups this process keeps open: those who were read least recently give theirs back. */
import { textOf } from '../files.js';

/** Who has files open. */
export interface Holder {
  readonly size: number;
  readonly release: () => void;
}

/** At most this part of what the process may have open: the rest is the program's. */
const share = 0.5;

/** More than anybody samples; a table of descriptors of that size is 0.5 MiB. */
const most = 65_536;

/** RLIMIT_NOFILE; Node raises the soft limit to the hard one when it begins. */
function openFilesLimit(): number {
  const limit = /^Max open files +(\d+)/m.exec(textOf('/proc/self/limits') ?? '')?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

/** In the order of their last use. */
const holders = new Set<Holder>();
let open = 0;
let allowed: number | undefined;

/** A holder is about to be read: it goes last. */
export function touch(holder: Holder): void {
  holders.delete(holder);
  holders.add(holder);
}

/** Everything that a holder had open is closed. */
export function forget(holder: Holder, files: number): void {
  open -= files;
  if (holder.size === 0) holders.delete(holder);
}

/** Make the holder that was read least recently close its files; false when nobody but `except` has any. */
export function releaseOldest(except: Holder): boolean {
  for (const holder of holders) {
    if (holder === except || holder.size === 0) continue;
    holder.release();
    return true;
  }
  return false;
}

/** One more file of `holder` was opened. */
export function opened(holder: Holder): void {
  open += 1;
  allowed ??= Math.min(most, Math.floor(openFilesLimit() * share));
  while (open > allowed && releaseOldest(holder));
}
