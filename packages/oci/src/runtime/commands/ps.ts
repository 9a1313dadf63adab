/** `ps`: the processes of a container, as the host sees them. */
import { spawnSync } from 'node:child_process';
import { InvalidSpecError, issue, quote, ToolError } from '@haco/core';
import { err, ok } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { findContainer } from '../find-container.js';
import { groupsFor, pidsOf } from '../groups.js';
import type { Run } from './command.js';

export const run: Run = ({ root, options, rest }) =>
  Promise.resolve(
    findContainer(root, rest[0] ?? '').andThen(({ record }) => {
      const groups = groupsFor(record, 'list the processes of the container');
      if (groups.isErr()) return err(groups.error);
      const pids = pidsOf(record);
      const format = valueOf(options, 'format') ?? 'table';
      if (format === 'json') {
        process.stdout.write(`${JSON.stringify(pids)}\n`);
        return ok(0);
      }
      if (format !== 'table')
        return err(new InvalidSpecError({ issues: [issue('--format', `${quote(format)} is neither table nor json`)] }));
      const given = rest.slice(1);
      const command = ['ps', ...(given.length === 0 ? ['-ef'] : given)] as const;
      const { status, stdout, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
      if (error !== undefined || status !== 0) {
        return err(new ToolError({ command, exitCode: status, stderr, package: 'procps' }));
      }
      const [head = '', ...lines] = stdout.split('\n');
      const column = head.trim().split(/\s+/).indexOf('PID');
      if (column === -1)
        return err(
          new InvalidSpecError({
            issues: [issue('ps options', 'leave out the column PID, by which processes are found')],
          }),
        );
      const shown = lines.filter((line) => pids.includes(Number(line.trim().split(/\s+/)[column])));
      process.stdout.write([head, ...shown].map((line) => `${line}\n`).join(''));
      return ok(0);
    }),
  );
