/** What is kept of one container between two calls: its directory below the root of states. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { GroupDir } from '@haco/cgroups';
import { ConflictError, IoError, isAlive, NotFoundError, quote, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import type { Hooks } from './hooks.js';
import { checkId } from './state-root.js';
import type { LateSteps } from './late-steps.js';

/** The file `state.json`. */
export interface ContainerRecord {
  readonly version: 1;
  readonly ociVersion: string;
  readonly id: string;
  /** Absolute path. */
  readonly bundle: string;
  readonly rootfs: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** When it was created: ISO 8601. */
  readonly created: string;
  readonly owner: string;
  /** Its first process, from the moment when it is complete. */
  readonly process?: { readonly pid: number; readonly startTime: number };
  readonly groups: readonly GroupDir[];
  /** Scope of systemd, where that made the groups. */
  readonly scope?: string;
  readonly hooks: Hooks;
  /** It has ended because it was saved: a restore may take its place. */
  readonly saved?: true;
  /** What may still fail when it is started. */
  readonly late?: LateSteps;
}

/** As the specification names them, and `paused` as engines do. */
export type Status = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/** Name of the socket at which a container waits for its start. */
export const startSocket = 'start';

/** One container's directory. */
export class RecordDirectory {
  readonly path: string;

  private constructor(
    readonly root: string,
    readonly id: string,
  ) {
    this.path = join(root, id);
  }

  /** Errors: `invalid-spec`, for what is no id. */
  static of(root: string, id: string): Result<RecordDirectory, HacoError> {
    return checkId(id).map((name) => new RecordDirectory(resolve(root), name));
  }

  /** All that there are. */
  static all(root: string): readonly RecordDirectory[] {
    try {
      return readdirSync(root)
        .filter((name) => checkId(name).isOk() && existsSync(join(root, name, 'state.json')))
        .sort()
        .map((name) => new RecordDirectory(resolve(root), name));
    } catch {
      return [];
    }
  }

  /** Take the id: of several that try, one does. Errors: `conflict`, `io`. */
  reserve(): Result<void, HacoError> {
    try {
      mkdirSync(this.root, { recursive: true, mode: 0o711 });
      mkdirSync(this.path, { mode: 0o700 });
      return ok();
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      if (errno === 'EEXIST') {
        const remedy = 'container with given ID already exists, delete it first or choose another id';
        return err(new ConflictError({ what: 'container id', subject: this.id, remedy }));
      }
      return err(this.failed('make the state directory', this.path, error));
    }
  }

  /** Readers see the old file or the new one. */
  write(record: ContainerRecord): Result<void, HacoError> {
    const path = join(this.path, 'state.json');
    try {
      const fd = openSync(`${path}.new`, 'w', 0o600);
      try {
        const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      } finally {
        closeSync(fd);
      }
      renameSync(`${path}.new`, path);
      return ok();
    } catch (error) {
      return err(this.failed('write the state', path, error));
    }
  }

  /** Keep the configuration, which the bundle may lose, for further processes. */
  writeConfig(text: string): Result<void, HacoError> {
    const path = join(this.path, 'config.json');
    try {
      const fd = openSync(path, 'wx', 0o600);
      try {
        writeSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      return ok();
    } catch (error) {
      return err(this.failed('keep the configuration', path, error));
    }
  }

  readConfig(): Result<string, HacoError> {
    const path = join(this.path, 'config.json');
    try {
      return ok(readFileSync(path, 'utf8'));
    } catch (error) {
      return err(this.failed('read the configuration', path, error));
    }
  }

  /** Errors: `not-found`, `io`. */
  read(): Result<ContainerRecord, HacoError> {
    const path = join(this.path, 'state.json');
    try {
      const record = JSON.parse(readFileSync(path, 'utf8')) as ContainerRecord;
      if (record.version === 1 && record.id === this.id) return ok(record);
      return err(
        new IoError({
          what: 'read the state',
          path,
          errno: '',
          hint: 'it is that of another program; remove the directory',
        }),
      );
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      if (errno === 'ENOENT' || errno === 'ENOTDIR') {
        const remedy = `the container does not exist below ${this.root}`;
        return err(new NotFoundError({ what: 'container', subject: this.id, remedy }));
      }
      return err(this.failed('read the state', path, error));
    }
  }

  /** Whether there is anything of it. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  get startPath(): string {
    return join(this.path, startSocket);
  }

  /** Gone at once for everybody who looks. */
  discard(): Result<void, HacoError> {
    const away = join(this.root, `.leaving:${this.id}:${String(process.pid)}`);
    try {
      renameSync(this.path, away);
      rmSync(away, { recursive: true, force: true });
      return ok();
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      return errno === 'ENOENT' ? ok() : err(this.failed('remove the state', this.path, error));
    }
  }

  private failed(what: string, path: string, error: unknown): HacoError {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const hint =
      error instanceof SyntaxError
        ? `it is no JSON (${quote(error.message)}); remove the directory`
        : 'give a directory that can be read and written with --root';
    return new IoError({ what, path, errno, hint });
  }
}

function isFrozen({ groups }: ContainerRecord): boolean {
  return groups.some(({ version, path, controllers }) => {
    try {
      if (version === 2) return /^frozen 1$/m.test(readFileSync(`${path}/cgroup.events`, 'utf8'));
      return controllers.includes('freezer') && readFileSync(`${path}/freezer.state`, 'utf8').trim() !== 'THAWED';
    } catch {
      return false;
    }
  });
}

/** What the container does at this moment. A pid that is another process's by now counts as ended. */
export function statusOf(record: ContainerRecord, directory: RecordDirectory): Status {
  if (record.process === undefined) return 'creating';
  if (!isAlive(record.process)) return 'stopped';
  if (existsSync(directory.startPath)) return 'created';
  return isFrozen(record) ? 'paused' : 'running';
}

/** The state as the specification has it: what `state` prints, and hooks read. */
export function stateOf(record: ContainerRecord, status: Status): Readonly<Record<string, unknown>> {
  const { ociVersion, id, process: first, bundle, rootfs, created, owner, annotations } = record;
  return {
    ociVersion,
    id,
    status,
    pid: first === undefined || status === 'stopped' ? 0 : first.pid,
    bundle,
    rootfs,
    created,
    owner,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}
