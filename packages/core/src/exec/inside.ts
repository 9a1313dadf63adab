/** Sending processes into a container: what `Container` and `AttachedContainer` have in common. */
import { closeSync, constants, openSync } from 'node:fs';
import { err, errAsync, ok, type Result, type ResultAsync } from 'neverthrow';
import { joinableGroups } from '@haco/cgroups';
import { StateError, type HacoError } from '@haco/plan';
import type { ExplainedPlan } from '../builder.js';
import { ContainerFiles } from '../files/container-files.js';
import { nodeError } from '../files/root.js';
import { O_PATH } from '../o-path.js';
import type { Outcome } from '../outcome.js';
import type { ProcessHandle } from '../process-handle.js';
import type { Joinable } from './joinable.js';
import type { JoinSection } from './join-part.js';
import { execBuilder, type ExecArguments } from './options.js';
import type { Pidfd } from './pidfd.js';
import { SentProcesses } from './sent-processes.js';

/** What {@link Inside} is made of. */
export interface InsideParts extends Pick<Joinable, 'parts' | 'runtime' | 'spec' | 'makeBuilder'> {
  readonly pidfd: Pidfd;
  /** What must be joined; asked for once. */
  readonly readJoin: () => Result<JoinSection, HacoError>;
}

/** Further processes of one container. */
export class Inside {
  private readonly parts: InsideParts;
  /** Its processes are stopped; a further one would be, too, before its command. */
  paused = false;
  /** Those that were sent in and haven't ended. */
  readonly sent = new SentProcesses();
  private known: Joinable | undefined;

  constructor(parts: InsideParts) {
    this.parts = parts;
  }

  /** The container as processes join it; it lives at this moment. */
  private joinable(): Result<Joinable, HacoError> {
    if (this.paused)
      return err(
        new StateError({ what: 'run a command in the container', state: 'it is paused', remedy: 'thaw() it first' }),
      );
    return this.live('run a command in the container').andThen((known) => {
      const { join, runtime } = known;
      const groups = joinableGroups(join.groups, join.pid, runtime.host());
      return ok(groups === join.groups ? known : { ...known, join: { ...join, groups } });
    });
  }

  private live(what: string): Result<Joinable, HacoError> {
    const { pidfd, readJoin, ...rest } = this.parts;
    const get = (): Result<number, HacoError> => pidfd.get(what);
    const { known } = this;
    if (known !== undefined) return get().map(() => known);
    return get()
      .andThen(() => readJoin())
      .andThen((join) =>
        // What was read by number was read of the container only if it still exists.
        get().map(() => {
          this.known = {
            ...rest,
            join,
            pidfd: () => pidfd.get('run a command in the container'),
            sent: (launch) => this.sent.add(launch),
          };
          return this.known;
        }),
      );
  }

  /** When the container's first process was started; 0 when it has ended. */
  startTime(): number {
    return this.parts.pidfd.startTime();
  }

  exec(args: ExecArguments): ResultAsync<Outcome, HacoError> {
    return this.joinable().match(
      (joinable) => execBuilder(joinable, args).run(),
      (error) => errAsync(error),
    );
  }

  spawn(args: ExecArguments): ResultAsync<ProcessHandle, HacoError> {
    return this.joinable().match<ResultAsync<ProcessHandle, HacoError>>(
      (joinable) => execBuilder(joinable, args).start(),
      (error) => errAsync(error),
    );
  }

  explain(args: ExecArguments): Result<ExplainedPlan, HacoError> {
    return this.joinable().andThen((joinable) => execBuilder(joinable, args).explain());
  }

  /** The container's files as its first process sees them now. */
  readonly files = new ContainerFiles({
    owners: () => this.known?.join.idMap,
    open: () => {
      const what = 'reach the files of the container';
      return this.live(what).andThen(({ join: { pid } }) => {
        const path = `/proc/${String(pid)}/root`;
        try {
          const fd = openSync(path, O_PATH | constants.O_DIRECTORY);
          const still = this.parts.pidfd.get(what);
          if (still.isErr()) closeSync(fd);
          return still.map(() => fd);
        } catch (error) {
          return err(nodeError('open the root directory', path, error));
        }
      });
    },
  });

  /** The container has ended, or nobody cares any more. */
  close(): void {
    this.parts.pidfd.close();
  }
}
