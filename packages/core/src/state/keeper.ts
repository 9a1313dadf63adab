/** The owner's side of a container's state: who holds the lock writes the file. */
import { rmSync } from 'node:fs';
import type { Result } from 'neverthrow';
import type { AnyPart, HacoError, HostFacts } from '@haco/plan';
import { collectFacts, type Spec } from '../spec.js';
import { removePidFile } from './collect.js';
import type { ContainerState } from './container-state.js';
import type { ContainerDirectory } from './directory.js';
import { intendedGroups } from './groups.js';
import { bootId, ownIdentity } from './process-identity.js';
import { discardDirectory } from './lock-directory.js';
import { releaseLock } from './lock.js';
import type { Reservation } from './reserve.js';

/** What a new state is made of. */
export interface NewState {
  readonly name: string;
  readonly parts: readonly AnyPart[];
  readonly spec: Spec;
  readonly host: HostFacts;
  readonly detached: boolean;
  readonly autoRemove: boolean;
  readonly definition?: string;
  readonly logFile?: string;
  readonly pidFile?: string;
}

/** The state of a container that is about to be made by this process. */
export function newState({ name, parts, spec, host, detached, autoRemove, ...more }: NewState): ContainerState {
  return {
    version: 1,
    name,
    status: 'creating',
    pid: null,
    startTime: null,
    supervisor: { ...ownIdentity(), detached },
    // What works only in this process says what it was.
    spec: JSON.parse(JSON.stringify(spec)) as Readonly<Record<string, unknown>>,
    ...(more.definition === undefined ? {} : { definition: more.definition }),
    createdAt: new Date().toISOString(),
    startedAt: null,
    finishedAt: null,
    outcome: null,
    failure: null,
    rootfs: collectFacts(parts, spec, name, host).rootfs ?? null,
    cgroups: intendedGroups(name, spec['cgroups'], host),
    logFile: more.logFile ?? null,
    pidFile: more.pidFile ?? null,
    metadata: spec.identity.metadata,
    restarts: 0,
    health: null,
    autoRemove,
    stopRequested: false,
    bootId: bootId(),
  };
}

/** Holds a container's name, and tells others how it is. */
export class Keeper {
  readonly directory: ContainerDirectory;
  readonly #lock: number;
  #state: ContainerState;

  constructor({ directory, lock }: Reservation, state: ContainerState) {
    this.directory = directory;
    this.#lock = lock;
    this.#state = state;
  }

  /** What was told last. */
  get state(): ContainerState {
    return this.#state;
  }

  /** Tell something new. Errors: `io`; what was told before stays readable then. */
  tell(news: Partial<ContainerState>): Result<void, HacoError> {
    this.#state = { ...this.#state, ...news };
    return this.directory.write(this.#state);
  }

  /** Tell its end, also on a full disk, when {@link makeRoom} was called before. Errors: `io`. */
  tellLast(news: Partial<ContainerState>): Result<void, HacoError> {
    this.#state = { ...this.#state, ...news };
    return this.directory.writeLast(this.#state);
  }

  /** Make sure that its end can be told. Errors: `io`. */
  makeRoom(): Result<void, HacoError> {
    return this.directory.makeRoom(this.#state);
  }

  /** Let go of the container after its end: it is kept for its outcome, or not at all. */
  release(): void {
    if (this.#state.autoRemove) discardDirectory(this.directory);
    else rmSync(this.directory.socketPath, { force: true });
    releaseLock(this.#lock);
  }

  /** A start that failed leaves nothing. */
  forget(): void {
    removePidFile(this.#state);
    discardDirectory(this.directory);
    releaseLock(this.#lock);
  }
}
