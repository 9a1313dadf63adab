/** `events`: what a container uses, once with `--stats` or again and again, as lines of JSON. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StatsReader } from '@haco/cgroups';
import { InvalidSpecError, issue, parseDuration, quote } from '@haco/core';
import { err, ok } from 'neverthrow';
import { valueOf } from '../command-line.js';
import { findContainer, processOfFound } from '../find-container.js';
import { groupsFor } from '../groups.js';
import { statsEvent } from '../stats-event.js';
import type { Run } from './command.js';

export const run: Run = async ({ root, options, rest }) => {
  const id = rest[0] ?? '';
  const found = findContainer(root, id).andThen((one) =>
    processOfFound(one, 'read the statistics of the container').map(() => one),
  );
  if (found.isErr()) return err(found.error);
  const text = valueOf(options, 'interval') ?? '5s';
  const interval = parseDuration(text);
  if (interval.isErr())
    return err(
      new InvalidSpecError({ issues: [issue('--interval', `${quote(text)} is no duration; write e.g. "5s"`)] }),
    );
  const groups = groupsFor(found.value.record, 'read the statistics of the container');
  if (groups.isErr()) return err(groups.error);
  const reader = new StatsReader(groups.value);
  for (;;) {
    const stats = reader.read();
    if (stats.isErr()) return err(stats.error);
    process.stdout.write(`${JSON.stringify(statsEvent(id, stats.value, groups.value))}\n`);
    if (options['stats'] === true) return ok(0);
    await sleep(interval.value);
    if (
      findContainer(root, id)
        .map(({ status }) => status)
        .unwrapOr('stopped') === 'stopped'
    )
      return ok(0);
  }
};
