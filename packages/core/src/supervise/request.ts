/** What a supervisor is asked to look after: a file in the container's directory, written before the supervisor is started. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerDirectory } from '../state/directory.js';

/** The request. JSON. */
export interface SupervisorRequest {
  /** The spec as it was asked for; what is live in it comes from the definition. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Path of the definition. */
  readonly definition?: string;
  /** What a definition that is a function is told. */
  readonly args?: readonly string[];
  readonly pidFile?: string;
  readonly autoRemove: boolean;
  /** Whether its first start is over only when it is ready. */
  readonly ready?: boolean;
}

/** Where it is. It stays there as long as the container is kept: that can be started again. */
export function requestPath(directory: ContainerDirectory): string {
  return join(directory.path, 'request.json');
}

/** Write it. Throws what `fs` throws. */
export function writeRequest(directory: ContainerDirectory, request: SupervisorRequest): void {
  writeFileSync(requestPath(directory), JSON.stringify(request), { mode: 0o600 });
}

/** Read it. Throws when there is none. */
export function readRequest(directory: ContainerDirectory): SupervisorRequest {
  return JSON.parse(readFileSync(requestPath(directory), 'utf8')) as SupervisorRequest;
}
