/** `pause` and `resume`: all processes of a container stop, and go on. */
import { Group } from '@haco/cgroups';
import { StateError } from '@haco/core';
import { err } from 'neverthrow';
import { findContainer, processOfFound } from '../find-container.js';
import { groupsFor } from '../groups.js';
import type { Run } from './command.js';

function command(frozen: boolean): Run {
  return async ({ root, rest }) => {
    const what = frozen ? 'pause the container' : 'resume the container';
    const found = findContainer(root, rest[0] ?? '').andThen((one) => processOfFound(one, what).map(() => one));
    if (found.isErr()) return err(found.error);
    const { record, status } = found.value;
    if (frozen && status === 'paused')
      return err(new StateError({ what, state: 'it is paused already', remedy: 'resume it' }));
    if (!frozen && status !== 'paused')
      return err(new StateError({ what, state: 'it is not paused', remedy: 'pause it first' }));
    const dirs = groupsFor(record, what);
    if (dirs.isErr()) return err(dirs.error);
    const group = new Group({ name: record.id, dirs: dirs.value });
    return (await (frozen ? group.freeze() : group.thaw())).map(() => 0);
  };
}

export const pause = command(true);
export const resume = command(false);
