/** Saving a container: its processes as images of CRIU. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { NamespacesSection } from '@haco/namespaces';
import {
  checkpointPieces,
  InvalidSpecError,
  IoError,
  issue,
  quote,
  StateError,
  waitForEnd,
  type HacoError,
  type Spec,
} from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { readConfigText } from './bundle.js';
import type { CriuFlags } from './criu-flags.js';
import { processOfFound, type Found } from './find-container.js';

const patienceMs = 10_000;

/** What is asked for. */
export interface CheckpointRequest {
  readonly found: Found;
  readonly flags: CriuFlags;
  /** Path of CRIU, where the command line has one. */
  readonly criu?: string | undefined;
  readonly leaveRunning: boolean;
  readonly preDump: boolean;
  /** Directory of the pre-dump before, as seen from that of the images. */
  readonly parentPath?: string | undefined;
  readonly warn: (message: string) => void;
}

/** Namespaces of somebody else can't be saved, and CRIU would take them for the container's own; the network is made anew anyway. */
export function checkNamespaces(spec: Spec, what: string): Result<void, HacoError> {
  const { enter } = spec['namespaces'] as NamespacesSection;
  const shared = enter.find(({ kind }) => kind !== 'net');
  if (shared === undefined) return ok();
  const remedy = 'give the container one of its own; only the network can be that of others';
  return err(new StateError({ what, state: `it shares the ${shared.kind} namespace of others`, remedy }));
}

/** The freezer by which CRIU stops all of it at once, the same that `pause` takes: a paused container stays so. */
function freezerOf({ record: { groups } }: Found): readonly string[] {
  const v2 = groups.find(({ version, path }) => version === 2 && existsSync(`${path}/cgroup.freeze`));
  const group = v2 ?? groups.find(({ controllers }) => controllers.includes('freezer'));
  return group === undefined ? [] : ['--freeze-cgroup', group.path];
}

function parentOf(images: string, path: string | undefined): Result<readonly string[], HacoError> {
  if (path === undefined) return ok([]);
  const problem = (message: string): Result<never, HacoError> =>
    err(new InvalidSpecError({ issues: [issue('--parent-path', message)] }));
  if (isAbsolute(path))
    return problem(`${quote(path)} is absolute; give the way to it from the directory of the images`);
  const found = statSync(join(images, path), { throwIfNoEntry: false })?.isDirectory() === true;
  return found
    ? ok(['--prev-images-dir', path, '--track-mem'])
    : problem(`${quote(join(images, path))} is no directory`);
}

/** A directory, made where it is missing, and a way to take back what has come into it. */
function place(path: string): Result<() => void, HacoError> {
  const missing = !existsSync(path);
  try {
    // The first of those that are made, if any.
    const made = mkdirSync(path, { recursive: true, mode: 0o700 });
    const before = new Set(readdirSync(path));
    return ok(() => {
      for (const name of readdirSync(path)) {
        if (!before.has(name)) rmSync(join(path, name), { recursive: true, force: true });
      }
      if (missing && made !== undefined) rmSync(made, { recursive: true, force: true });
    });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'make the directory', path, errno, hint: 'give one that can be written to' }));
  }
}

/** The spec of a container as it was started. */
function specOf({ record, directory }: Found, pid: number, warn: CheckpointRequest['warn']): Result<Spec, HacoError> {
  const { bundle, id } = record;
  const inside = `/proc/${String(pid)}/root`;
  return directory
    .readConfig()
    .andThen((text) => readConfigText(text, { bundle, id, cgroupManager: 'cgroupfs', inside, warn }))
    .andThen(({ builder }) => builder.spec());
}

/**
 * Save it. Unless it is to go on, it has ended then. On an error nothing is left but the log in a directory of the caller's.
 *
 * Errors: `state`, unless it runs; `tool`, `invalid-spec`, `io`.
 */
export async function checkpointContainer(request: CheckpointRequest): Promise<Result<void, HacoError>> {
  const { found, flags, leaveRunning, preDump, warn } = request;
  const what = 'save the container';
  const identity = processOfFound(found, what);
  if (identity.isErr()) return err(identity.error);
  if (found.status === 'created') {
    return err(new StateError({ what, state: 'it waits for its start', remedy: 'start it first' }));
  }
  const { findCriu, describeProcesses, saveProcesses } = await checkpointPieces();
  const criu = findCriu(request.criu === undefined ? {} : { criu: request.criu });
  if (criu.isErr()) return err(criu.error);
  const { pid } = identity.value;
  const images = resolve(flags.imagePath);
  const ready = specOf(found, pid, warn).andThen((spec) =>
    checkNamespaces(spec, what).andThen(() =>
      parentOf(images, request.parentPath).andThen((parent) =>
        describeProcesses({ name: found.record.id, pid, spec }, []).map((note) => ({ parent, note })),
      ),
    ),
  );
  if (ready.isErr()) return err(ready.error);
  const made = place(images);
  if (made.isErr()) return err(made.error);
  const undo = made.value;
  const work = flags.workPath === undefined ? ok<undefined, HacoError>(undefined) : place(resolve(flags.workPath));
  if (work.isErr()) {
    undo();
    return err(work.error);
  }
  const { note, parent } = ready.value;
  const { tcpEstablished } = flags;
  const saved = await saveProcesses({
    criu: criu.value,
    directory: images,
    ...(flags.workPath === undefined ? {} : { workDirectory: resolve(flags.workPath) }),
    pid,
    note,
    options: { leaveRunning, tcpEstablished, args: [...flags.args, ...freezerOf(found), ...parent] },
    preDump,
  });
  if (saved.isErr()) {
    undo();
    return saved;
  }
  if (leaveRunning || preDump) return ok();
  const ended = await waitForEnd(identity.value, patienceMs);
  if (ended.isErr()) return err(ended.error);
  const noted = found.directory.write({ ...found.record, saved: true });
  // Whoever has waited for its end may have deleted it by now.
  return noted.isErr() && !found.directory.exists ? ok() : noted;
}
