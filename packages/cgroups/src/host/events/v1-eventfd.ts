/** Notifications of v1's memory controller: an eventfd that the kernel adds to. */
import { closeSync, openSync, readSync } from 'node:fs';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName, hintFor, rawSyscall, syscallNumbers, watchReadiness } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { failure, writeNow } from '../files.js';
import type { Source } from './event.js';

const EFD_CLOEXEC_NONBLOCK = 0o2004000;

/**
 * Call back with how often something happened to `file` of a group.
 *
 * @param argument - for `memory.pressure_level`: the level
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#memory-thresholds
 */
export function watchEventfd(
  directory: string,
  file: string,
  argument: string,
  happened: (count: number) => void,
): Result<Source, HacoError> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const eventfd = rawSyscall(syscallNumbers[arch].eventfd2, 0, EFD_CLOEXEC_NONBLOCK);
  if (eventfd < 0) {
    const errno = errnoName(-eventfd);
    return err(
      new SyscallError({
        step: `watch ${directory}/${file}`,
        call: 'eventfd2(0, EFD_CLOEXEC|EFD_NONBLOCK)',
        syscall: 'eventfd2',
        errno,
        hint: hintFor('eventfd2', errno),
      }),
    );
  }
  const path = `${directory}/${file}`;
  let fd = -1;
  const fail = (error: HacoError): Result<Source, HacoError> => {
    if (fd >= 0) closeSync(fd);
    closeSync(eventfd);
    return err(error);
  };
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    return fail(failure({ step: `watch ${path}`, path, args: JSON.stringify(path), error, syscall: 'openat' }));
  }
  const words = [String(eventfd), String(fd), argument].filter((word) => word !== '');
  const registered = writeNow(`${directory}/cgroup.event_control`, words.join(' '));
  if (registered.isErr()) return fail(registered.error);
  const counter = Buffer.alloc(8);
  const watch = watchReadiness(eventfd, 'readable', () => {
    readSync(eventfd, counter, 0, 8, null);
    happened(Number(counter.readBigUInt64LE(0)));
  });
  if (watch.isErr()) return fail(watch.error);
  return watch.map(({ close }) => ({
    close: () => {
      close();
      if (fd >= 0) closeSync(fd);
      fd = -1;
      // Closing the eventfd takes the registration back.
      closeSync(eventfd);
    },
  }));
}
