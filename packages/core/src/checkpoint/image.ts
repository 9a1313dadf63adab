/** What haco notes of a checkpoint, in a file beside the images of CRIU; written last, so that without it there is no checkpoint. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import {
  IoError,
  NotFoundError,
  optional,
  readBoolean,
  readJson,
  readList,
  readObject,
  readOneOf,
  readText,
  type HacoError,
} from '@haco/plan';
import { hintFor } from '@haco/sys';

/** Name of the file. */
export const noteName = 'haco.json';

/** Under which name CRIU finds the net namespace that a restored container gets. */
export const netKey = 'haco-net';

/** A place in the root directory on which something is mounted. */
export interface MountPoint {
  readonly target: string;
  readonly directory: boolean;
}

/** A mount of the host that a restore has to find again. */
export interface ExternalMount {
  /** Absolute path inside; also its name for CRIU. */
  readonly target: string;
  readonly directory: boolean;
  /** Its options, as mountinfo has them: `ro`, `nosuid` … */
  readonly options: readonly string[];
  /** It shows the container's group in the hierarchy that the host has mounted there. */
  readonly hierarchy?: string;
}

/** Where a standard stream led to. */
export interface SavedStream {
  /** As CRIU calls it. */
  readonly resource: string;
  /** The null device: it stays that, as CRIU wants a position of it, which a pipe hasn't. */
  readonly isNull: boolean;
}

/** The note. */
export interface CheckpointNote {
  readonly version: '1';
  /** Name of the container. */
  readonly name: string;
  /** When, in ISO 8601. */
  readonly at: string;
  /** It had a net namespace of its own. */
  readonly net: boolean;
  /** It had a cgroup namespace of its own. */
  readonly cgroup: boolean;
  /** It had a root directory in a mount namespace of its own. */
  readonly mounts: boolean;
  /** What its first process had as stdin, stdout and stderr; missing: nothing. */
  readonly stdin?: SavedStream;
  readonly stdout?: SavedStream;
  readonly stderr?: SavedStream;
  /** Where in its root directory there are mounts. */
  readonly points: readonly MountPoint[];
  readonly externals: readonly ExternalMount[];
}

const readStream = readObject({ resource: readText, isNull: readBoolean });

const readNote = readObject({
  version: readOneOf(['1']),
  name: readText,
  at: readText,
  net: readBoolean,
  cgroup: readBoolean,
  mounts: readBoolean,
  stdin: optional(readStream),
  stdout: optional(readStream),
  stderr: optional(readStream),
  points: readList(readObject({ target: readText, directory: readBoolean })),
  externals: readList(
    readObject({
      target: readText,
      directory: readBoolean,
      options: readList(readText),
      hierarchy: optional(readText),
    }),
  ),
});

/** Write it. Throws what `fs` throws. */
export function writeNoteOf(directory: string, note: CheckpointNote): void {
  writeFileSync(join(directory, noteName), `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 });
}

/** Read it. Errors: `not-found`, when there is no checkpoint; `io`. */
export function readNoteOf(directory: string): Result<CheckpointNote, HacoError> {
  const path = join(directory, noteName);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      const remedy = 'make one with container.checkpoint(directory), or "haco checkpoint"';
      return err(new NotFoundError({ what: 'checkpoint', subject: directory, remedy }));
    }
    const hint = errno === '' ? 'it is no JSON; make the checkpoint anew' : hintFor('openat', errno);
    return err(new IoError({ what: 'read', path, errno, hint }));
  }
  return readJson(readNote, json).match(
    (note) => ok(note),
    (issues) => {
      const said = issues.map(({ path: at, message }) => `${at} ${message}`).join(', ');
      return err(new IoError({ what: 'understand', path, errno: '', hint: `${said}; make the checkpoint anew` }));
    },
  );
}
