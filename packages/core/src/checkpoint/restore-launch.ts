/** A launch that restores: a process that keeps the place, CRIU, and the restored processes, seen as one container from outside. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { intendedDirs, type CgroupsSection } from '@haco/cgroups';
import type { MountsSection } from '@haco/mounts';
import { InvalidSpecError, IoError, issue, type HacoError } from '@haco/plan';
import { libc, type Launch } from '@haco/sys';
import { execBuilder } from '../exec/options.js';
import { Pidfd } from '../exec/pidfd.js';
import { readJoin } from '../exec/read-join.js';
import { defaultPath } from '../process/section.js';
import type { Performance } from '../runtime.js';
import type { PlannedStart } from '../start/plan-start.js';
import type { StartInput } from '../start/start-input.js';
import { closeQuietly, devNull } from '../streams/descriptors.js';
import { criuError, findCriu } from './criu.js';
import { readNoteOf, type CheckpointNote } from './image.js';
import { checkpointDirectory } from './place.js';
import { restoreCommand, throughShell, workFiles, type RestoreCall, type RestorePlan } from './restore-command.js';
import { Restoring, type Abandon } from './restoring.js';
import type { RestoreSection } from './section.js';
import { keeperSpec, shapeCriu } from './restore-spec.js';
import { groupIn } from './sources.js';

const F_DUPFD_CLOEXEC = 1030;

/** Descriptors of their own: the caller closes his as soon as the launch has begun. */
function duplicate(stdio: Performance['stdio']): readonly number[] {
  return stdio.map((fd) => libc().fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

/** The net namespace comes from outside: there must be one exactly when there was one. */
function netProblem({ facts: { unshared, entered } }: PlannedStart, { net }: CheckpointNote): HacoError | undefined {
  if ((unshared.includes('net') || entered.includes('net')) === net) return undefined;
  const message = net
    ? 'the checkpoint has a net namespace of its own; add unshare("net"), or network()'
    : 'the checkpoint is one of a container in the host\'s network; leave out unshare("net") and network()';
  return new InvalidSpecError({ issues: [issue('namespaces.unshare', message)] });
}

/** Everything that can be found out before anything is started. */
function prepare(input: StartInput, planned: PlannedStart, section: RestoreSection): Result<RestorePlan, HacoError> {
  const { spec } = input;
  const where: Result<string, HacoError> =
    section.directory === undefined ? checkpointDirectory(planned.name) : ok(section.directory);
  return findCriu(section).andThen((criu) =>
    where.andThen((directory) =>
      readNoteOf(directory).andThen((note) => {
        const problem = netProblem(planned, note);
        if (problem !== undefined) return err(problem);
        const mounts = spec['mounts'] as MountsSection;
        const { rootfs, networkEtc } = planned.facts;
        const host = input.runtime.host();
        const groups = keeperSpec(input.parts, spec, planned.name, host)['cgroups'] as CgroupsSection;
        const groupOf = groupIn(intendedDirs(planned.name, groups, host), host);
        return ok({
          criu,
          directory,
          work: mkdtempSync(join(tmpdir(), 'haco-restore-')),
          note,
          section,
          rootfs,
          sources: { mounts, networkEtc, externals: section.externals, groupOf },
        });
      }),
    ),
  );
}

/** The first process that a failed restore had made: a child of this one, ended by CRIU or with its group. */
function madeBefore(log: string): number | undefined {
  const pid = /PID: real (\d+) virt/.exec(readFileSync(log, { encoding: 'utf8', flag: 'a+' }))?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Run CRIU in the groups of the process that keeps the place, and tell the pid of the first restored process. */
async function performRestore(
  input: StartInput,
  planned: PlannedStart,
  {
    plan,
    call: { command, mounts },
    keeper,
    stdio,
    abandon,
  }: {
    readonly plan: RestorePlan;
    readonly call: RestoreCall;
    readonly keeper: number;
    readonly stdio: readonly number[];
    readonly abandon: Abandon;
  },
): Promise<Result<number, HacoError>> {
  const { parts, runtime, makeBuilder, spec } = input;
  const host = runtime.host();
  const pidfd = new Pidfd(keeper, () => true);
  try {
    const join = readJoin(keeper, host);
    if (join.isErr()) return err(join.error);
    const joinable = {
      parts,
      runtime,
      makeBuilder,
      spec: keeperSpec(parts, spec, planned.name, host),
      join: join.value,
      pidfd: () => pidfd.get('restore into it'),
      sent: () => undefined,
    };
    const [stdin = 0, stdout = 0, stderr = 0] = stdio;
    const { rootfs, note } = plan;
    const started = await execBuilder(joinable, [
      {
        command: throughShell(command, plan, keeper),
        namespaces: [],
        env: { PATH: defaultPath },
        stdin: { fd: stdin },
        stdout: { fd: stdout },
        stderr: { fd: stderr },
        use: (builder) => shapeCriu(builder, note, { rootfs, sources: mounts }),
      },
    ]).start();
    if (started.isErr()) return err(started.error);
    const criu = started.value;
    abandon.by(() => void criu.kill('SIGKILL'));
    const outcome = await criu.wait();
    if (outcome.isErr()) return err(outcome.error);
    const path = (name: string): string => `${plan.work}/${name}`;
    if (outcome.value.exitCode !== 0) {
      abandon.of(madeBefore(path(workFiles.log)));
      return err(criuError(command, outcome.value.exitCode, [path(workFiles.log), path(workFiles.errors)]));
    }
    return ok(Number(readFileSync(path(workFiles.pid), 'utf8')));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(new IoError({ what: 'restore in', path: plan.work, errno, hint: String(error) }));
  } finally {
    pidfd.close();
  }
}

/** Restore in place of performing the plan. */
export function launchRestore(
  input: StartInput,
  planned: PlannedStart,
  section: RestoreSection,
  {
    performance,
    emptyOutput,
  }: { readonly performance: Performance; readonly emptyOutput: () => Result<void, HacoError> },
): Result<Launch, HacoError> {
  return prepare(input, planned, section).andThen((plan) => {
    const remove = (): void => rmSync(plan.work, { recursive: true, force: true });
    const ready = restoreCommand(plan).andThen((call) =>
      emptyOutput()
        .andThen(() =>
          input.runtime.launch({ ...performance, stdio: [devNull(), devNull(), devNull()], untilEnd: false }),
        )
        .map((keeper) => ({ call, keeper })),
    );
    if (ready.isErr()) {
      remove();
      return err(ready.error);
    }
    const { call, keeper } = ready.value;
    const stdio = duplicate(performance.stdio);
    const restoring = new Restoring(
      keeper,
      (pid, abandon) => performRestore(input, planned, { plan, call, keeper: pid, stdio, abandon }),
      () => {
        stdio.forEach(closeQuietly);
        remove();
      },
    );
    return ok(restoring);
  });
}
