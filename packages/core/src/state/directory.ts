/** The directory of one container: its state, its lock, its socket, its output. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { IoError, type HacoError } from '@haco/plan';
import { hintFor } from '@haco/sys';
import type { ContainerState } from './container-state.js';
import { isLocked } from './lock.js';
import { parseState } from './parse.js';

/** A state that is larger than this isn't one: specs have some kilobytes. */
const limitBytes = 16 * 1024 ** 2;

/** What the end of a container adds to its state: the outcome, with the time that each step took. */
const outcomeBytes = 16 * 1024;

/** Paths of one container below the state directory. */
export class ContainerDirectory {
  readonly path: string;
  readonly lockPath: string;
  readonly statePath: string;
  /** Room on the disk for the last state. */
  readonly roomPath: string;
  readonly socketPath: string;
  readonly logPath: string;
  /** What a supervisor says that nobody else would hear. */
  readonly errorPath: string;

  constructor(
    readonly root: string,
    readonly name: string,
  ) {
    this.path = join(root, name);
    this.lockPath = join(this.path, 'lock');
    this.statePath = join(this.path, 'state.json');
    this.roomPath = join(this.path, 'room');
    this.socketPath = join(this.path, 'control');
    this.logPath = join(this.path, 'log');
    this.errorPath = join(this.path, 'supervisor.log');
  }

  /** Whether a process holds the container: its supervisor, or the program that started it. */
  get isHeld(): boolean {
    return isLocked(this.lockPath);
  }

  /** What its file says; undefined: there is none. Errors: `io`, when it can't be read or makes no sense. */
  read(): Result<ContainerState | undefined, HacoError> {
    const path = this.statePath;
    const broken = (hint: string): HacoError => new IoError({ what: 'read the state', path, errno: '', hint });
    try {
      const text = readBounded(path);
      if (text === undefined)
        return err(broken('it is no file of a container; remove it with remove({ force: true })'));
      return parseState(text, this.name).mapErr((what) => broken(`${what}; remove it with remove({ force: true })`));
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return ok(undefined);
      return err(new IoError({ what: 'read the state', path, errno, hint: hintFor('openat', errno) }));
    }
  }

  /** Replace its file; readers see the old one or the new one. Only who holds the lock writes. */
  write(state: ContainerState): Result<void, HacoError> {
    const temporary = `${this.statePath}.new`;
    try {
      writeWhole(temporary, 'w', bytesOf(state));
      renameSync(temporary, this.statePath);
      return ok(undefined);
    } catch (error) {
      // Half of it would keep a full disk full.
      rmSync(temporary, { force: true });
      return err(this.#unwritten(error));
    }
  }

  /** Have room for the last state, however full the disk is by then: with the container's own output, for example. */
  makeRoom(state: ContainerState): Result<void, HacoError> {
    try {
      // Written, not only made that long: a hole has no blocks.
      writeWhole(this.roomPath, 'w', Buffer.alloc(bytesOf(state).length + outcomeBytes));
      return ok(undefined);
    } catch (error) {
      rmSync(this.roomPath, { force: true });
      return err(this.#unwritten(error));
    }
  }

  /** As {@link write}, where need be into the room that was made: its blocks are not given back before, when others would take them. */
  writeLast(state: ContainerState): Result<void, HacoError> {
    const written = this.write(state);
    if (written.isOk()) rmSync(this.roomPath, { force: true });
    if (written.isOk() || written.error.kind !== 'io' || !['ENOSPC', 'EDQUOT'].includes(written.error.errno))
      return written;
    try {
      writeWhole(this.roomPath, 'r+', bytesOf(state));
      renameSync(this.roomPath, this.statePath);
      return ok(undefined);
    } catch {
      return written;
    }
  }

  #unwritten(error: unknown): IoError {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return new IoError({ what: 'write the state', path: this.statePath, errno, hint: hintFor('openat', errno) });
  }
}

function bytesOf(state: ContainerState): Buffer {
  return Buffer.from(`${JSON.stringify(state)}\n`);
}

function writeWhole(path: string, flags: 'w' | 'r+', bytes: Buffer): void {
  const fd = openSync(path, flags, 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    ftruncateSync(fd, bytes.length);
    // A file system that keeps names before contents would show an empty file after a power failure.
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A regular file as text; never blocks, never follows a link, never fills the memory. */
function readBounded(path: string): string | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= limitBytes ? readFileSync(fd, 'utf8') : undefined;
  } finally {
    closeSync(fd);
  }
}
