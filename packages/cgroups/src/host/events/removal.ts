/** Notice of the removal of directories: one inotify watch for each directory that groups are in, shared by all of them. */
import { existsSync, watch, type FSWatcher } from 'node:fs';
import type { Source } from './event.js';

interface Place {
  readonly watcher: FSWatcher;
  readonly listeners: Map<string, Set<() => void>>;
}

const places = new Map<string, Place>();

function placeAt(parent: string): Place {
  const known = places.get(parent);
  if (known !== undefined) return known;
  const listeners: Place['listeners'] = new Map();
  const watcher = watch(parent, (_event, name) => {
    const path = `${parent}/${String(name)}`;
    if (!listeners.has(String(name)) || existsSync(path)) return;
    for (const listener of [...(listeners.get(String(name)) ?? [])]) listener();
  });
  // The directory itself may go; what was in it has gone before.
  watcher.on('error', () => undefined);
  const place = { watcher, listeners };
  places.set(parent, place);
  return place;
}

/**
 * Call back when a group is removed. The files of a group don't tell of its end (kernel 6.18: poll(2) sleeps on), but its parent
 * directory tells inotify.
 */
export function watchRemoval(path: string, removed: () => void): Source | undefined {
  const at = path.lastIndexOf('/');
  const [parent, name] = [path.slice(0, at), path.slice(at + 1)];
  let place: Place;
  try {
    place = placeAt(parent);
  } catch {
    // Out of inotify watches, or gone already.
    return undefined;
  }
  const { listeners, watcher } = place;
  const own = listeners.get(name) ?? new Set();
  own.add(removed);
  listeners.set(name, own);
  return {
    close: () => {
      own.delete(removed);
      if (own.size === 0) listeners.delete(name);
      if (listeners.size > 0) return;
      watcher.close();
      places.delete(parent);
    },
  };
}
