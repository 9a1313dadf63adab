/** Being told of changes of a file or in a directory of a container. */
import { closeSync, watch as watchPath } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { locate, nodeError, typeOf, type FilesRoot } from './root.js';

/** One change. */
export interface FileEvent {
  /** `rename`: a name appeared or disappeared; `change`: content or attributes changed; `lost`: more changed than could be kept. */
  readonly type: 'rename' | 'change' | 'lost';
  /** Name in the directory that is watched; null for a file that is watched itself. */
  readonly name: string | null;
}

/** Those who live in the container make the events: they must not fill the memory of a caller who doesn't come for them. */
const mostKept = 4096;

/** Changes from now on, until the iterator is left or the signal is aborted. */
export function watch(
  root: FilesRoot,
  path: string,
  signal: AbortSignal | undefined,
): Result<AsyncIterableIterator<FileEvent>, HacoError> {
  const what = 'watch';
  return locate(root, path, { what }).andThen((found) => {
    const type = typeOf(found.stat);
    try {
      if (type !== 'file' && type !== 'directory') {
        return err(new IoError({ what, path, errno: '', hint: `it is a ${type}; watch the directory that it is in` }));
      }
      // inotify(7) keeps hold of what the descriptor names.
      return ok(eventsOf(watchPath(`/proc/self/fd/${String(found.fd)}`), type === 'directory', signal));
    } catch (error) {
      return err(nodeError(what, path, error));
    } finally {
      closeSync(found.fd);
    }
  });
}

function eventsOf(
  watcher: ReturnType<typeof watchPath>,
  named: boolean,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<FileEvent> {
  const kept: FileEvent[] = [];
  let over = false;
  let wake: () => void = () => undefined;
  const stop = (): void => {
    over = true;
    watcher.close();
    signal?.removeEventListener('abort', stop);
    wake();
  };
  watcher.on('change', (type, name) => {
    if (kept.length < mostKept) kept.push({ type: type as 'rename' | 'change', name: named ? String(name) : null });
    else if (kept.at(-1)?.type !== 'lost') kept.push({ type: 'lost', name: null });
    wake();
  });
  watcher.on('error', stop);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      while (kept.length === 0 && !over) await new Promise<void>((resolve) => (wake = resolve));
      const value = kept.shift();
      return value === undefined ? done : { done: false, value };
    },
    return() {
      stop();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
