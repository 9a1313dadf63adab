/** A file of a group that tells when its content changed. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { HacoError } from '@haco/plan';
import { watchReadiness } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { failure } from '../files.js';
import type { Source } from './event.js';

const buffer = Buffer.alloc(4096);

/**
 * Call back with the content of the file, now and whenever it changes; with undefined, for the last time, when the group was
 * removed. Works for the files whose changes the kernel announces by POLLPRI: `cgroup.events`, `memory.events`, `pids.events`.
 */
export function watchFile(path: string, changed: (text: string | undefined) => void): Result<Source, HacoError> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    return err(failure({ step: `watch ${path}`, path, args: JSON.stringify(path), error, syscall: 'openat' }));
  }
  const read = (): string | undefined => {
    try {
      return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0));
    } catch {
      return undefined;
    }
  };
  let isOpen = true;
  let stop = (): void => undefined;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    stop();
    closeSync(fd);
  };
  const look = (): void => {
    const text = read();
    // The descriptor of a removed group is ready for ever.
    if (text === undefined) close();
    changed(text);
  };
  const watch = watchReadiness(fd, 'changed', look);
  if (watch.isErr()) {
    closeSync(fd);
    return err(watch.error);
  }
  stop = watch.value.close;
  // Reading arms the notification.
  look();
  return watch.map(() => ({ close }));
}
