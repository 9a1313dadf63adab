/** `haco logs`: what a detached container has written. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { UsageError } from '../command-line/usage-error.js';
import { writeAll } from '../output.js';
import { findContainer } from '../registry/target.js';

/** A date, or so long ago. */
function momentOf(text: string): Date | string {
  return /^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text) : text;
}

export const command = defineCommand({
  name: 'logs',
  about:
    'Show what a container has written that runs on its own ("haco run --daemon"): what it wrote to stdout on stdout, what it wrote to ' +
    'stderr on stderr.',
  operands: { usage: 'NAME|FILE', least: 1, most: 1, complete: 'container' },
  options: {
    follow: { type: 'boolean', short: 'f', about: 'also what it will write, until it has ended' },
    tail: { type: 'string', short: 'n', value: 'LINES', about: 'only so many of the last lines', complete: 'none' },
    since: {
      type: 'string',
      value: 'TIME',
      about: 'only from then on: a date, or so long ago, e.g. 10min',
      complete: 'none',
    },
    timestamps: { type: 'boolean', short: 't', about: 'with the time of each line' },
    ...jsonOption,
  },
  examples: [['haco logs -f -n 20 web', 'and stay']],
  async run(context, { values, operands: [word = ''] }) {
    const tail = values.tail === undefined ? undefined : Number(values.tail);
    if (tail !== undefined && (!Number.isSafeInteger(tail) || tail < 0)) {
      return err(new UsageError(`The option --tail takes a number of lines, not "${values.tail ?? ''}".`));
    }
    const container = await findContainer(word);
    if (container.isErr()) return err(container.error);
    const logs = await container.value.logs({
      follow: values.follow === true,
      ...(tail === undefined ? {} : { tail }),
      ...(values.since === undefined ? {} : { since: momentOf(values.since) }),
    });
    if (logs.isErr()) return err(logs.error);
    for await (const record of logs.value) {
      if (values.json === true) context.print(JSON.stringify(record));
      else {
        const time = values.timestamps === true ? `${context.paint('dim', record.time)} ` : '';
        writeAll(record.stream === 'stdout' ? 1 : 2, `${time}${record.text}\n`);
      }
    }
    return ok(0);
  },
});
