/** `list`: all containers below a root. */
import { InvalidSpecError, issue, quote } from '@haco/core';
import { err, ok } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { RecordDirectory, stateOf, statusOf } from '../container-record.js';
import { table } from '../table.js';
import type { Run } from './command.js';

export const run: Run = ({ root, options }) => {
  const format = valueOf(options, 'format') ?? 'table';
  // One that is being deleted right now is none.
  const states = RecordDirectory.all(root).flatMap((directory) =>
    directory.read().match(
      (record) => [stateOf(record, statusOf(record, directory))],
      () => [],
    ),
  );
  if (options['quiet'] === true) process.stdout.write(states.map(({ id }) => `${String(id)}\n`).join(''));
  else if (format === 'json') process.stdout.write(`${JSON.stringify(states)}\n`);
  else if (format === 'table') {
    const rows = states.map(({ id, pid, status, bundle, created, owner }) =>
      [id, pid, status, bundle, created, owner].map(String),
    );
    process.stdout.write(table([['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'], ...rows]));
  } else {
    return Promise.resolve(
      err(new InvalidSpecError({ issues: [issue('--format', `${quote(format)} is neither table nor json`)] })),
    );
  }
  return Promise.resolve(ok(0));
};
