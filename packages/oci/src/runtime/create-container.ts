/** Making a container: everything but its command, which `create` leaves waiting and `run` lets go on. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exactDirs, type CgroupsSection } from '@haco/cgroups';
import {
  InvalidSpecError,
  isHostRoot,
  issue,
  ok,
  PermissionError,
  startTimeOf,
  StateError,
  UnsupportedError,
  type HacoError,
} from '@haco/core';
import { libc, probeHost, type Launch } from '@haco/sys';
import { err, type Result } from 'neverthrow';
import { readBundle, type Bundle } from './bundle.js';
import type { CgroupManager } from './command-line.js';
import { RecordDirectory, stateOf, type ContainerRecord } from './container-record.js';
import { Copier } from './copy-up.js';
import { hasEarlyHooks, runEarlyHooks } from './early-hooks.js';
import { removeGroups } from './groups.js';
import { runHooks } from './hooks.js';
import { killGroups } from './kill-groups.js';
import { failureOf, launchSteps, refusalOf } from './launch.js';
import { lateStepsOf } from './late-steps.js';
import { checkMountLabel } from './mount-label.js';
import { writePidFile } from './pid-file.js';
import { withMountMaps } from './mount-maps.js';
import { newRecord } from './new-record.js';
import { namedPreserved } from './preserved-fds.js';
import { createdBarrier, hooksBarrier, shapePlan } from './runtime-plan.js';
import { runStartHooks } from './start-hooks.js';
import { connectTo } from './unix-socket.js';

/** What is asked for. */
export interface CreateRequest {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  readonly cgroupManager: CgroupManager;
  readonly pidFile?: string;
  readonly consoleSocket?: string;
  /** Socket for the terminal's master, in place of a console socket: the caller shows it itself. */
  readonly terminal?: number;
  /** Whoever called this program waits for its end. */
  readonly outlives: boolean;
  /** Descriptors of this process that its command gets under the same numbers, from 3 on. */
  readonly preserved: readonly number[];
  /** Its process waits until `start`. */
  readonly waits: boolean;
  readonly warn: (message: string) => void;
}

/** A container that is complete. */
export interface Created {
  readonly directory: RecordDirectory;
  readonly record: ContainerRecord;
  readonly launched: Launch;
  /** The program, for errors. */
  readonly command: string;
}

/** The socket that takes the terminal. */
function openConsole(
  { consoleSocket, terminal, waits }: CreateRequest,
  wanted: boolean,
): Result<number | undefined, HacoError> {
  if (!wanted) {
    if (consoleSocket === undefined) return ok(undefined);
    return err(
      new InvalidSpecError({
        issues: [
          issue(
            'process.terminal',
            'is false, so nobody will send a terminal to the console socket; leave out --console-socket',
          ),
        ],
      }),
    );
  }
  if (terminal !== undefined) return ok(terminal);
  if (consoleSocket !== undefined) return connectTo(resolve(consoleSocket), 'connect to the console socket');
  const how = waits
    ? 'cannot allocate tty if detaching without a console socket'
    : 'there is nobody to take the terminal';
  return err(
    new InvalidSpecError({ issues: [issue('process.terminal', `is true, but ${how}; give --console-socket`)] }),
  );
}

/**
 * Make it. When this fails, nothing is left of it.
 *
 * Errors: `conflict`, when the id is taken; `invalid-spec`; `not-found`; whatever the kernel says.
 */
export async function createContainer(request: CreateRequest): Promise<Result<Created, HacoError>> {
  const found = RecordDirectory.of(request.root, request.id);
  if (found.isErr()) return err(found.error);
  const directory = found.value;
  // Before the configuration is looked at: of two with one id, the second is told that it is taken.
  const reserved = directory.reserve();
  if (reserved.isErr()) return err(reserved.error);
  const made = await make(request, directory);
  if (made.isErr()) {
    const left = directory.discard();
    if (left.isErr()) made.error.cleanup = [...made.error.cleanup, left.error];
  }
  return made;
}

async function make(request: CreateRequest, directory: RecordDirectory): Promise<Result<Created, HacoError>> {
  const bundlePath = resolve(request.bundle);
  const read = readBundle(bundlePath, request);
  if (read.isErr()) return err(read.error);
  const mapped = await withMountMaps(read.value.builder, read.value.ownMaps);
  if (mapped.isErr()) return err(mapped.error);
  const made = await makeOf({ ...read.value, builder: mapped.value.builder }, request, directory);
  mapped.value.close();
  return made;
}

async function makeOf(
  bundle: Bundle,
  request: CreateRequest,
  directory: RecordDirectory,
): Promise<Result<Created, HacoError>> {
  const labelled = checkMountLabel(bundle.mountLabel);
  if (labelled.isErr()) return err(labelled.error);
  const plan = bundle.builder.explain();
  const spec = bundle.builder.spec();
  if (plan.isErr()) return err(plan.error);
  if (spec.isErr()) return err(spec.error);
  const refused = refusalOf(plan.value);
  if (refused !== undefined) {
    return err(
      new UnsupportedError({ feature: 'container', neededFor: 'it', since: '', remedy: '', sentence: refused }),
    );
  }
  const { process: first } = spec.value;
  const host = probeHost();
  const section = (spec.value['cgroups'] ?? {}) as CgroupsSection;
  const { path } = section;
  const groups = path === undefined ? [] : exactDirs(section, host);
  // Where nobody has named a place, nobody looks there; limits have been looked after by the plan.
  if (groups.length === 0 && path !== undefined && bundle.namesGroup && !isHostRoot(host)) return err(noPlaceFor(path));
  const record = newRecord(request, bundle, groups);
  const kept = directory.writeConfig(bundle.text).andThen(() => directory.write(record));
  if (kept.isErr()) return err(kept.error);
  const console = openConsole(request, first.tty !== undefined);
  if (console.isErr()) return err(console.error);
  const command = first.command?.file ?? '';
  const made = await perform(request, {
    directory,
    record,
    bundle,
    steps: plan.value.steps,
    console: console.value,
    command,
    workdir: first.workdir,
  });
  if (console.value !== undefined) libc().close(console.value);
  return made;
}

function noPlaceFor(path: string): HacoError {
  return new PermissionError({
    what: `make the group ${path}`,
    missing: 'no cgroup hierarchy of this host is given to this user',
    remedy: 'leave out linux.cgroupsPath (podman: --cgroups disabled), or run the engine as root',
  });
}

interface Making {
  readonly directory: RecordDirectory;
  readonly record: ContainerRecord;
  readonly bundle: Bundle;
  readonly steps: Parameters<typeof shapePlan>[0];
  readonly console: number | undefined;
  readonly command: string;
  readonly workdir: string | undefined;
}

async function perform(request: CreateRequest, making: Making): Promise<Result<Created, HacoError>> {
  const { directory, bundle, command } = making;
  const { hooks } = bundle;
  const steps = shapePlan(making.steps, {
    ...(request.waits ? { waitsIn: directory.path } : {}),
    ...(hasEarlyHooks(hooks) ? { hooksSee: bundle.rootfs } : {}),
    created: true,
    preserved: request.preserved.length,
    propagation: bundle.propagation,
    mountLabel: bundle.mountLabel,
    copyUps: bundle.copyUps,
    ...(making.workdir === undefined ? {} : { workdir: making.workdir }),
  });
  let record = making.record;
  let created: () => void = () => undefined;
  const complete = new Promise<void>((done) => (created = done));
  // A group that is there already is another container's.
  const own = record.groups.filter(({ path }) => !existsSync(path));
  const copier = Copier.of(bundle.copyUps, request.warn);
  if (copier.isErr()) return err(copier.error);
  const started = launchSteps({
    steps,
    descriptors: {
      ...(making.console === undefined ? {} : { terminal: making.console }),
      ...namedPreserved(request.preserved),
      ...copier.value.descriptors,
    },
    outlives: request.outlives,
    onBarrier: async (barrier, pid) => {
      const copied = copier.value.at(barrier.name);
      if (copied !== undefined) return copied;
      const startTime = startTimeOf(pid);
      if (startTime === undefined)
        return err(
          new StateError({
            what: 'create the container',
            state: 'its process has ended',
            remedy: 'look who killed it',
          }),
        );
      const now = { ...record, process: { pid, startTime } };
      if (barrier.name === hooksBarrier) return runEarlyHooks(now);
      if (barrier.name !== createdBarrier) return ok();
      record = { ...now, ...(late === undefined ? {} : { late }) };
      const kept = directory.write(record);
      if (kept.isErr()) return err(kept.error);
      // With `create`, they come with `start`.
      const ran = request.waits
        ? ok<void, HacoError>()
        : await runStartHooks({ record, config: bundle.text, warn: request.warn });
      if (ran.isErr()) return ran;
      const written = writePidFile(request.pidFile, pid);
      if (written.isOk()) created();
      return written;
    },
  });
  if (started.isErr()) {
    copier.value.close();
    return err(started.error);
  }
  const { launched, encoded } = started.value;
  const late = request.waits ? lateStepsOf(encoded) : undefined;
  const first = await Promise.race([launched.started, complete]);
  copier.value.close();
  if (first !== undefined && first.isErr()) {
    const error = failureOf(first.error, command);
    // A step that fails is undone by the launcher; one whose process was killed, as for want of memory, is not.
    if (first.error.failure === undefined) {
      const ended = await killGroups({ groups: own });
      const removed = ended.isErr() ? ended : await removeGroups({ groups: own });
      if (removed.isErr()) error.cleanup = [...error.cleanup, removed.error];
    }
    const ran = await runHooks(hooks, 'poststop', stateOf(record, 'stopped'));
    if (ran.isErr()) error.cleanup = [...error.cleanup, ran.error];
    return err(error);
  }
  return ok({ directory, record, launched, command });
}
