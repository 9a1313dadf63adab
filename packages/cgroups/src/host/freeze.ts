/** Stop and resume all processes of a group, and wait until they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PermissionError, StateError, TimeoutError, UnsupportedError, type HacoError } from '@haco/plan';
import { err, errAsync, ok, ResultAsync, type Result } from 'neverthrow';
import { existsSync } from 'node:fs';
import { textOf, vanished, writeText } from './files.js';
import type { GroupDir } from './group-dir.js';
import { holdsCaller } from './members.js';

/** How a group is frozen on one version. */
interface Freezer {
  readonly path: string;
  readonly file: string;
  readonly values: { readonly frozen: string; readonly thawed: string };
  readonly isFrozen: () => boolean;
}

/** The freezer of a group: that of v2 also on hybrid hosts, because what it froze can still be killed. */
export function freezerOf(dirs: readonly GroupDir[]): Freezer | undefined {
  const v2 = dirs.find(({ version, path }) => version === 2 && existsSync(`${path}/cgroup.freeze`));
  if (v2 !== undefined) {
    return {
      path: v2.path,
      file: 'cgroup.freeze',
      values: { frozen: '1', thawed: '0' },
      isFrozen: () => /^frozen 1$/m.test(textOf(`${v2.path}/cgroup.events`) ?? ''),
    };
  }
  const v1 = dirs.find(({ version, controllers }) => version === 1 && controllers.includes('freezer'));
  if (v1 === undefined) return undefined;
  return {
    path: v1.path,
    file: 'freezer.state',
    values: { frozen: 'FROZEN', thawed: 'THAWED' },
    isFrozen: () => (textOf(`${v1.path}/freezer.state`) ?? '').trim() === 'FROZEN',
  };
}

/** Why a group that this process is in can't be stopped or killed by it. */
export function refuseOwn(what: string, dirs: readonly GroupDir[]): HacoError | undefined {
  if (!holdsCaller(dirs)) return undefined;
  return new PermissionError({
    what: `${what} ${dirs[0]?.path ?? 'the group'}`,
    missing: 'this very process is in it, and would never get to the end of the call',
    remedy: 'do it from a process outside, or put the others into a child group and take that',
  });
}

/** Freeze (`true`) or thaw (`false`), and wait until it is so. */
export function setFrozen(dirs: readonly GroupDir[], frozen: boolean, timeoutMs: number): ResultAsync<void, HacoError> {
  const freezer = freezerOf(dirs);
  if (freezer === undefined) {
    const gone = dirs.find(({ path }) => !existsSync(path));
    if (gone !== undefined) return errAsync(vanished(gone.path));
    return errAsync(
      new UnsupportedError({
        feature: 'cgroup freezer for this group',
        neededFor: frozen ? 'freeze()' : 'thaw()',
        since: 'Linux 5.2 on v2; the controller freezer on v1',
        remedy: 'create the group with the controller freezer, or use kill(2) with SIGSTOP on each process',
      }),
    );
  }
  const own = frozen ? refuseOwn('freeze', dirs) : undefined;
  if (own !== undefined) return errAsync(own);
  const { path, file, values } = freezer;
  const value = frozen ? values.frozen : values.thawed;
  const wait = async (): Promise<Result<void, HacoError>> => {
    const deadline = performance.now() + timeoutMs;
    for (let pauseMs = 0; ; pauseMs = Math.min(20, pauseMs * 2 + 1)) {
      if (freezer.isFrozen() === frozen) return ok(undefined);
      if (performance.now() > deadline) break;
      await sleep(pauseMs);
      // A v1 group that is stuck in FREEZING, because something forked meanwhile, gets on when asked once more.
      const again =
        file === 'freezer.state' ? await writeText(`${path}/${file}`, value) : ok<void, HacoError>(undefined);
      if (again.isErr()) return err(again.error);
    }
    if (!frozen && textOf(`${path}/freezer.parent_freezing`)?.trim() === '1') {
      return err(
        new StateError({ what: `thaw ${path}`, state: 'a group above it is frozen', remedy: 'thaw that one' }),
      );
    }
    return err(new TimeoutError({ what: `${path} to be ${frozen ? 'frozen' : 'thawed'}`, timeoutMs }));
  };
  return writeText(`${path}/${file}`, value).andThen(() => new ResultAsync(wait()));
}
