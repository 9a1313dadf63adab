/** A net namespace as a file, so that plugins find it when its processes are gone. */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import type { HacoError } from '@haco/plan';
import { err, ok, okAsync, type Result, type ResultAsync } from 'neverthrow';
import { ioError } from '../lock.js';
import { runTool, tryTool } from '../run-tool.js';

function makeFile(path: string): Result<void, HacoError> {
  try {
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'wx', 0o600));
    return ok();
  } catch (error) {
    return err(ioError('make', path, error));
  }
}

/** Keep the net namespace of a process. */
export function keepNetns(path: string, pid: number): ResultAsync<void, HacoError> {
  return okAsync<void, HacoError>(undefined)
    .andThen(() => makeFile(path))
    .andThen(() => runTool({ command: ['mount', '--bind', `/proc/${String(pid)}/ns/net`, path] }))
    .map(() => undefined);
}

/** Let it go. */
export function releaseNetns(path: string): ResultAsync<void, HacoError> {
  return tryTool({ command: ['umount', '--lazy', path] }).map(() => {
    rmSync(path, { force: true });
  });
}
