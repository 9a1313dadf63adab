/** The state as a file: read whole, written whole, never half. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { StateError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { emptyState, type NetworkState } from '../attachment.js';
import { ioError } from './lock.js';

const fileOf = (directory: string): string => `${directory}/state.json`;

/** What is remembered; nothing, where nothing was ever connected. */
export function readState(directory: string): Result<NetworkState, HacoError> {
  const path = fileOf(directory);
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as NetworkState;
    if (state.version === 1 && Array.isArray(state.bridges) && Array.isArray(state.attachments)) return ok(state);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return ok(emptyState);
    if (!(error instanceof SyntaxError)) return err(ioError('read', path, error));
  }
  return err(
    new StateError({
      what: 'connect containers',
      state: `${path} isn't what haco has written`,
      remedy: 'stop the containers that have networks, and remove it',
    }),
  );
}

/** Remember this, or nothing: an empty state has no file. */
export function writeState(directory: string, state: NetworkState): Result<void, HacoError> {
  const path = fileOf(directory);
  try {
    if (state.attachments.length === 0 && state.bridges.length === 0) {
      rmSync(path, { force: true });
      return ok();
    }
    // Only whoever has the lock writes, so the name of the half-written file is nobody else's.
    writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return ok();
  } catch (error) {
    return err(ioError('write', path, error));
  }
}
