/** `state`: what a container is, as JSON. */
import { stateOf } from '../container-record.js';
import { findContainer } from '../find-container.js';
import type { Run } from './command.js';

export const run: Run = ({ root, rest }) =>
  Promise.resolve(
    findContainer(root, rest[0] ?? '').map(({ record, status }) => {
      process.stdout.write(`${JSON.stringify(stateOf(record, status), undefined, 2)}\n`);
      return 0;
    }),
  );
