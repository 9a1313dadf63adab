/** `kill`: a signal to the first process of a container, or to all of them. */
import { signalProcess, StateError } from '@haco/core';
import { err, ok } from 'neverthrow';
import { findContainer, processOfFound } from '../find-container.js';
import { pidsOf } from '../groups.js';
import { signalAll } from '../kill-groups.js';
import { signalNumber } from '../signals.js';
import type { Run } from './command.js';

export const run: Run = ({ root, options, rest }) =>
  Promise.resolve(
    signalNumber(rest[1] ?? 'SIGTERM').andThen((signal) =>
      findContainer(root, rest[0] ?? '').andThen((found) => {
        // What a first process has left behind is killed with --all.
        if (options['all'] === true && pidsOf(found.record).length > 0) {
          signalAll(found.record, signal);
          return ok(0);
        }
        return processOfFound(found, 'kill the container').andThen((identity) =>
          signalProcess(identity, signal).andThen((sent) =>
            sent
              ? ok(0)
              : err(
                  new StateError({
                    what: 'kill the container',
                    state: 'it has just ended (container not running)',
                    remedy: 'delete it',
                  }),
                ),
          ),
        );
      }),
    ),
  );
