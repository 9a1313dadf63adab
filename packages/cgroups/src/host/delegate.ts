/** Give a group to an ordinary user: who may then make groups below it and move processes among them. */
import { chownSync, existsSync } from 'node:fs';
import type { HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { failure, wordsOf } from './files.js';
import type { GroupDir } from './group-dir.js';
import { checked, isId } from './options.js';

/** What the kernel lists in `/sys/kernel/cgroup/delegate`, for kernels before 4.15. */
const delegatedV2 = ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'];

/**
 * The files that go with a group. The limits of the group itself stay the giver's: they are what the user is confined by. Of
 * v1 only entry and sub-groups are given; `notify_on_release` and `release_agent` never are (CVE-2022-0492).
 */
function delegatedFiles({ version }: GroupDir): readonly string[] {
  if (version === 1) return ['cgroup.procs', 'tasks'];
  const listed = wordsOf('/sys/kernel/cgroup/delegate');
  return listed.length === 0 ? delegatedV2 : listed;
}

/** Change the owner of what is delegated. */
export function delegateDirs(dirs: readonly GroupDir[], uid: number, gid: number): Result<void, HacoError> {
  return checked('uid', uid, isId)
    .andThen(() => checked('gid', gid, isId))
    .andThen(() => give(dirs, uid, gid));
}

function give(dirs: readonly GroupDir[], uid: number, gid: number): Result<void, HacoError> {
  for (const dir of dirs) {
    const files = delegatedFiles(dir).map((name) => `${dir.path}/${name}`);
    for (const path of [dir.path, ...files.filter((file) => existsSync(file))]) {
      try {
        chownSync(path, uid, gid);
      } catch (error) {
        return err(
          failure({
            step: `give ${path} to user ${String(uid)}`,
            path,
            args: `${JSON.stringify(path)}, ${String(uid)}, ${String(gid)}`,
            error,
            syscall: 'chown',
          }),
        );
      }
    }
  }
  return ok(undefined);
}
