/** `haco top`: what containers use, live. */
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok } from 'neverthrow';
import { parseDuration } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { UsageError } from '../command-line/usage-error.js';
import { columns, sorted, sortKeys, type SortKey } from '../top/columns.js';
import { showLive } from '../top/live.js';
import { takeSample, usageBetween, type Sample } from '../top/sample.js';
import { table } from '../view/table.js';

/** Between the two looks that make the first rates. */
const firstMs = 300;

export const command = defineCommand({
  name: 'top',
  about:
    'Show what containers use: CPU (of one), memory, processes, reads and writes, and pressure (the share of the last 10 s in which ' +
    'something had to wait for CPU, memory or devices). On a terminal a live table; in a pipe a table after each interval. What no ' +
    'cgroup counts is added up from its processes, or shown as "-".',
  operands: { usage: '[NAME|FILE...]', least: 0, most: Infinity, complete: 'container' },
  options: {
    sort: {
      type: 'string',
      short: 's',
      value: 'KEY',
      choices: sortKeys,
      about: 'cpu (without it), memory, pids, io or name',
    },
    interval: {
      type: 'string',
      short: 'i',
      value: 'TIME',
      about: 'time between two looks, 2s without it',
      complete: 'none',
    },
    'no-stream': { type: 'boolean', about: 'one table, then the end' },
    ...jsonOption,
  },
  examples: [
    ['haco top', 'keys: q quit, c m p i n sort, space holds the picture'],
    ['haco top --no-stream --sort memory', 'once'],
    ['haco top --json --interval 10s >> usage.jsonl', 'one line of JSON each time'],
  ],
  async run(context, { values, operands }) {
    const interval = parseDuration(values.interval ?? '2s');
    if (interval.isErr() || interval.value < 50) {
      return err(
        new UsageError(
          `The option --interval takes a time of at least 50 ms, e.g. 2s, not "${values.interval ?? ''}".`,
        ),
      );
    }
    const sort = (values.sort ?? 'cpu') as SortKey;
    const intervalMs = interval.value;
    const plain = values.json === true || values['no-stream'] === true || !context.isTerminal.stdout;
    if (!plain) return showLive(context, operands, { sort, intervalMs });
    let before: Sample | undefined;
    for (let round = 0; ; round += 1) {
      const sample = await takeSample(operands);
      if (sample.isErr()) return err(sample.error);
      if (before !== undefined) {
        const usages = sorted(usageBetween(before, sample.value), sort);
        if (values.json === true) context.print(JSON.stringify({ at: new Date().toISOString(), containers: usages }));
        else for (const line of table(columns, usages)) context.print(line);
        if (values['no-stream'] === true) return ok(0);
      }
      before = sample.value;
      await sleep(round === 0 ? firstMs : intervalMs);
    }
  },
});
