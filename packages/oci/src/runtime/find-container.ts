/** The container that a command is about. */
import { StateError, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { RecordDirectory, statusOf, type ContainerRecord, type Status } from './container-record.js';

/** What is known of it at this moment. */
export interface Found {
  readonly directory: RecordDirectory;
  readonly record: ContainerRecord;
  readonly status: Status;
}

/** Errors: `invalid-spec`, `not-found`, `io`. */
export function findContainer(root: string, id: string): Result<Found, HacoError> {
  return RecordDirectory.of(root, id).andThen((directory) =>
    directory.read().map((record) => ({ directory, record, status: statusOf(record, directory) })),
  );
}

/** The process of a container that has one; engines look for the words "not running". Errors: `state`. */
export function processOfFound(
  { record, status }: Found,
  what: string,
): Result<{ readonly pid: number; readonly startTime: number }, HacoError> {
  if (record.process === undefined || status === 'stopped' || status === 'creating') {
    const state = status === 'creating' ? 'it is being created' : 'the container is stopped (container not running)';
    return err(
      new StateError({
        what,
        state,
        remedy: status === 'creating' ? 'wait for create' : 'delete it, and create it again',
      }),
    );
  }
  return ok(record.process);
}
