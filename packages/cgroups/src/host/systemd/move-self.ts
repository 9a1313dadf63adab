/** A scope around this very program, below which its containers' groups are. */
import type { HacoError } from '@haco/plan';
import { closeForkServer, probeHost } from '@haco/sys';
import { errAsync, type ResultAsync } from 'neverthrow';
import { createGroup, type CreateGroupOptions } from '../create-group.js';
import { namedDirs, ownDirs } from '../group-dir.js';
import type { Group } from '../group.js';
import { moveSelfToLeaf } from '../leaf.js';
import type { GroupLimits } from '../limits.js';
import { membership } from '../membership.js';
import { elsewhere, readOptions } from '../options.js';
import { putBack, withoutSystemd } from './scope.js';

/** The scope of a program. Its limits are for the program and all its containers together. */
export interface ScopeOptions extends GroupLimits, Pick<CreateGroupOptions, 'name' | 'slice' | 'degrade'> {}

// Their values are checked by who makes the group.
const checks = {
  name: elsewhere,
  slice: elsewhere,
  degrade: elsewhere,
  cpu: elsewhere,
  memory: elsewhere,
  pids: elsewhere,
  resources: elsewhere,
  keys: elsewhere,
} as const;

/**
 * Ask systemd for a transient scope with `Delegate=yes`, move this process into it, and into the leaf `haco-self` there. From then on
 * the groups of containers are in the scope, where `systemctl status haco-<name>.scope` and `systemd-cgls` show them: for root through
 * the system's bus, for users through their own, who then may set limits without root. Say it before the first container starts.
 * Other processes, also those that this one has started, stay where they are. The scope goes with its last process.
 *
 * Fails as `createGroup({ driver: 'systemd' })` does; this process is then where it was.
 *
 * @example
 * ```ts
 * import { moveSelfToScope } from '@haco/cgroups';
 * import { haco, orThrow } from '@haco/core';
 * const scope = await orThrow(moveSelfToScope({ name: 'builds', memory: '4GiB' })); // all of them together
 * await orThrow(haco().memory('1GiB').command('make').run());
 * console.log(scope.stats());
 * ```
 *
 * @see https://systemd.io/CGROUP_DELEGATION/
 */
export function moveSelfToScope(options: ScopeOptions): ResultAsync<Group, HacoError> {
  return readOptions(options, checks).asyncAndThen(moveSelf);
}

function moveSelf(options: ScopeOptions): ResultAsync<Group, HacoError> {
  const missing = withoutSystemd('moveSelfToScope()', 'leave it out: groups below the own one need no systemd');
  if (missing !== undefined) return errAsync(missing);
  const host = probeHost({ fresh: true });
  const before = membership(process.pid, [...ownDirs(host), ...namedDirs(host)]);
  return createGroup({ ...options, driver: 'systemd', pid: process.pid }).andThen((scope) => {
    // It starts containers from where it is: an ordinary user may move nothing in from there.
    closeForkServer();
    return moveSelfToLeaf()
      .map(() => scope)
      .mapErr((error) => putBack(process.pid, before, error));
  });
}
