/** Restoring a container: its groups and its network are made as those of a new one, and CRIU makes its processes in them. */
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exactDirs, type CgroupsSection } from '@haco/cgroups';
import {
  checkpointPieces,
  haco,
  InvalidSpecError,
  IoError,
  issue,
  NotFoundError,
  ok,
  startTimeOf,
  StateError,
  UnsupportedError,
  type CheckpointNote,
  type CheckpointPieces,
  type HacoError,
  type RestorePlan,
  type Spec,
} from '@haco/core';
import type { MountsSection } from '@haco/mounts';
import type { NamespacesSection } from '@haco/namespaces';
import { probeHost } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { readBundle, type Bundle } from './bundle.js';
import { checkNamespaces } from './checkpoint-container.js';
import { RecordDirectory, stateOf, type ContainerRecord } from './container-record.js';
import type { CgroupManager } from './command-line.js';
import type { CriuFlags } from './criu-flags.js';
import { deleteContainer } from './delete-container.js';
import { findContainer } from './find-container.js';
import { removeGroups } from './groups.js';
import { hasHooks, runHooks } from './hooks.js';
import { killGroups } from './kill-groups.js';
import { failureOf, launchSteps, refusalOf } from './launch.js';
import { newRecord } from './new-record.js';
import { writePidFile } from './pid-file.js';
import { createdBarrier, shapePlan } from './runtime-plan.js';

/** What is asked for. */
export interface RestoreRequest {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  readonly cgroupManager: CgroupManager;
  readonly flags: CriuFlags;
  /** Path of CRIU, where the command line has one. */
  readonly criu?: string | undefined;
  readonly pidFile?: string | undefined;
  readonly consoleSocket?: string | undefined;
  readonly warn: (message: string) => void;
}

/** A container that goes on. */
export interface Restored {
  readonly directory: RecordDirectory;
  readonly record: ContainerRecord;
  /** Its first process, a child of this one. */
  readonly pid: number;
}

const what = 'restore the container';

/** What a checkpoint of the same id has ended makes room; runc has removed it at once. */
async function makeRoom(root: string, id: string): Promise<Result<void, HacoError>> {
  const found = findContainer(root, id);
  if (found.isErr() || found.value.record.saved !== true || found.value.status !== 'stopped') return ok();
  return deleteContainer(found.value, false);
}

/** Restore it. When this fails, nothing is left of it. Errors: as of `createContainer`, and `tool`. */
export async function restoreContainer(request: RestoreRequest): Promise<Result<Restored, HacoError>> {
  const found = RecordDirectory.of(request.root, request.id);
  if (found.isErr()) return err(found.error);
  const directory = found.value;
  const ready = prepare(request, await checkpointPieces());
  if (ready.isErr()) return err(ready.error);
  const room = await makeRoom(request.root, request.id);
  if (room.isErr()) return err(room.error);
  const reserved = directory.reserve();
  if (reserved.isErr()) return err(reserved.error);
  const restored = await restore(request, directory, ready.value);
  if (restored.isErr()) {
    const left = directory.discard();
    if (left.isErr()) restored.error.cleanup = [...restored.error.cleanup, left.error];
  }
  return restored;
}

/** Everything that can be found out before anything is made. */
interface Prepared {
  readonly pieces: CheckpointPieces;
  readonly criu: string;
  readonly images: string;
  readonly note: CheckpointNote;
  readonly bundle: Bundle;
  readonly spec: Spec;
}

function prepare(request: RestoreRequest, pieces: CheckpointPieces): Result<Prepared, HacoError> {
  const images = resolve(request.flags.imagePath);
  const criu = pieces.findCriu(request.criu === undefined ? {} : { criu: request.criu });
  if (criu.isErr()) return err(criu.error);
  const note = pieces.readNoteOf(images).mapErr((error) => {
    if (error.kind !== 'not-found') return error;
    const remedy = 'make one with "haco-oci checkpoint", and name it by --image-path';
    return new NotFoundError({ what: 'checkpoint', subject: images, remedy });
  });
  if (note.isErr()) return err(note.error);
  const bundle = readBundle(resolve(request.bundle), request);
  if (bundle.isErr()) return err(bundle.error);
  const spec = bundle.value.builder.spec();
  if (spec.isErr()) return err(spec.error);
  return checkSpec(request, spec.value, note.value).map(() => ({
    pieces,
    criu: criu.value,
    images,
    note: note.value,
    bundle: bundle.value,
    spec: spec.value,
  }));
}

const hasNet = (spec: Spec): boolean => {
  const { unshare, enter } = spec['namespaces'] as NamespacesSection;
  const network = spec['network'] as { readonly mode?: unknown } | undefined;
  return unshare.includes('net') || enter.some(({ kind }) => kind === 'net') || network?.mode !== undefined;
};

/** Why the processes can't come back as what the configuration says. */
function checkSpec({ consoleSocket }: RestoreRequest, spec: Spec, note: CheckpointNote): Result<void, HacoError> {
  const problem = (path: string, message: string): Result<void, HacoError> =>
    err(new InvalidSpecError({ issues: [issue(path, message)] }));
  if (spec.process.tty !== undefined) {
    return problem('process.terminal', 'is true, and a restored container has no terminal; make it false');
  }
  if (consoleSocket !== undefined) {
    const why = 'is false, so nobody will send a terminal to the console socket';
    return problem('process.terminal', `${why}; leave out --console-socket`);
  }
  const { unshare } = spec['namespaces'] as NamespacesSection;
  if (unshare.includes('user')) {
    return problem('linux.namespaces', 'has a user namespace, with which containers are neither saved nor restored');
  }
  if (hasNet(spec) !== note.net) {
    const message = note.net
      ? 'the checkpoint has a network namespace of its own; add one'
      : "the checkpoint is one of a container in the host's network; leave out the network namespace";
    return problem('linux.namespaces', message);
  }
  return checkNamespaces(spec, what);
}

/** Own namespaces that the configuration asks for and the restored process hasn't: it was saved as another container. */
function missingNamespace(spec: Spec, pid: number): string | undefined {
  const { unshare } = spec['namespaces'] as NamespacesSection;
  const files: Readonly<Record<string, string>> = { mount: 'mnt' };
  return unshare.find((kind) => {
    const of = (whose: string): string => readlinkSync(`/proc/${whose}/ns/${files[kind] ?? kind}`);
    return of(String(pid)) === of('self');
  });
}

async function restore(
  request: RestoreRequest,
  directory: RecordDirectory,
  prepared: Prepared,
): Promise<Result<Restored, HacoError>> {
  const { bundle, spec } = prepared;
  const record = newRecord(request, bundle, exactDirs((spec['cgroups'] ?? {}) as CgroupsSection, probeHost()));
  const kept = directory.writeConfig(bundle.text).andThen(() => directory.write(record));
  if (kept.isErr()) return err(kept.error);
  const work = mkdtempSync(join(tmpdir(), 'haco-restore-'));
  const began = await perform(request, prepared, { record, work });
  rmSync(work, { recursive: true, force: true });
  const done = began.andThen((pid) => complete(request, directory, { record, spec, pid }));
  if (done.isOk()) return done;
  const { error } = done;
  const cleanup = [
    await killGroups(record),
    await removeGroups(record),
    await runHooks(record.hooks, 'poststop', stateOf(record, 'stopped')),
  ];
  error.cleanup = [...error.cleanup, ...cleanup.flatMap((result) => (result.isErr() ? [result.error] : []))];
  return err(error);
}

/** The steps that make the place, and CRIU as their command. */
function planPlace(
  { pieces, criu, images, note, bundle, spec }: Prepared,
  { flags }: RestoreRequest,
  { record, work }: { readonly record: ContainerRecord; readonly work: string },
): Result<{ readonly command: readonly string[]; readonly steps: Parameters<typeof shapePlan>[0] }, HacoError> {
  const { rootfs } = bundle;
  const { workPath } = flags;
  const plan: RestorePlan = {
    criu,
    directory: images,
    work,
    ...(workPath === undefined ? {} : { logs: resolve(workPath) }),
    note,
    section: { tcpEstablished: flags.tcpEstablished, args: flags.args },
    rootfs,
    makesPoints: true,
    sources: { mounts: spec['mounts'] as MountsSection, groupOf: pieces.groupIn(record.groups, probeHost()) },
  };
  return pieces.restoreCommand(plan).andThen(({ command, mounts }) => {
    const through = pieces.throughShell(command, plan, 'self');
    return haco
      .fromSpec(pieces.placeOf(spec))
      .map((builder) =>
        pieces
          .shapeCriu(builder, note, { rootfs, sources: mounts })
          .env({ PATH: process.env['PATH'] ?? '' })
          .command(...through),
      )
      .andThen((builder) => builder.explain())
      .andThen((explained) => {
        const sentence = refusalOf(explained);
        return sentence === undefined
          ? ok({ command, steps: explained.steps })
          : err(new UnsupportedError({ feature: 'container', neededFor: 'it', since: '', remedy: '', sentence }));
      });
  });
}

/** Let CRIU restore; the pid of the first process. */
async function perform(
  request: RestoreRequest,
  prepared: Prepared,
  making: { readonly record: ContainerRecord; readonly work: string },
): Promise<Result<number, HacoError>> {
  const { workPath } = request.flags;
  const { record, work } = making;
  const logs = workPath === undefined ? work : resolve(workPath);
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    const hint = 'give one that can be written to';
    return err(new IoError({ what: 'make the directory', path: logs, errno, hint }));
  }
  const planned = planPlace(prepared, request, making);
  if (planned.isErr()) return err(planned.error);
  const { hooks, bundle: cwd } = record;
  const started = launchSteps({
    steps: shapePlan(planned.value.steps, { created: true }),
    onBarrier: async (barrier, pid) => {
      if (barrier.name !== createdBarrier || !hasHooks(hooks, 'prestart', 'createRuntime')) return ok();
      // In the groups and the network of the container, as its first process will be.
      const now = { ...record, process: { pid, startTime: startTimeOf(pid) ?? 0 } };
      const state = { ...stateOf(now, 'running'), status: 'creating' };
      const ran = await runHooks(hooks, 'prestart', state, { cwd });
      return ran.isErr() ? ran : runHooks(hooks, 'createRuntime', state, { cwd });
    },
  });
  if (started.isErr()) return err(started.error);
  const { launched } = started.value;
  const first = await launched.started;
  if (first.isErr()) return err(failureOf(first.error, prepared.criu));
  const { exitCode } = await launched.ended;
  const { workFiles, criuError } = prepared.pieces;
  if (exitCode === 0) return ok(Number(readFileSync(join(work, workFiles.pid), 'utf8')));
  const said = [join(logs, workFiles.log), join(work, workFiles.errors)];
  return err(criuError(planned.value.command, exitCode, said));
}

/** It runs: its state, and what its caller wants to know. */
function complete(
  { pidFile }: RestoreRequest,
  directory: RecordDirectory,
  { record, spec, pid }: { readonly record: ContainerRecord; readonly spec: Spec; readonly pid: number },
): Result<Restored, HacoError> {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) {
    return err(new StateError({ what, state: 'its process has ended', remedy: 'look who killed it' }));
  }
  const missing = missingNamespace(spec, pid);
  if (missing !== undefined) {
    const state = `the checkpoint is one of a container that had no ${missing} namespace of its own`;
    return err(new StateError({ what, state, remedy: 'give the bundle with which it was started' }));
  }
  const now: ContainerRecord = { ...record, process: { pid, startTime } };
  return directory
    .write(now)
    .andThen(() => writePidFile(pidFile, pid))
    .map(() => ({ directory, record: now, pid }));
}
