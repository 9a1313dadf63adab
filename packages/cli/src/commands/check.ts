/** `haco check`: what would make a container fail on this host. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { describeContainer } from '../container/describe.js';
import { settingOptions } from '../container/settings.js';
import { containersOf } from '../definition/load.js';

export const command = defineCommand({
  name: 'check',
  about:
    'Say what would make a container fail on this host, and how to mend it. Nothing is started. The exit code is 0 when nothing is ' +
    'known, else 1.',
  operands: { usage: '[FILE] [COMMAND ARG...]', least: 0, most: Infinity, complete: 'file' },
  rest: 'COMMAND ARG...',
  options: { ...settingOptions, ...jsonOption },
  examples: [['haco check my.haco.ts', 'look before you leap']],
  async run(context, { values, operands, rest }) {
    const { json, ...settings } = values;
    const found = await describeContainer('check', { values: settings, operands, rest }, context.env);
    const containers = found.andThen(({ described }) => containersOf(described));
    if (containers.isErr()) return err(containers.error);
    let allOk = true;
    for (const { name, member, builder } of containers.value) {
      const report = await builder.check();
      if (report.isErr()) return err(report.error);
      const { ok: isOk, problems } = report.value;
      allOk &&= isOk;
      const of = member === undefined ? '' : `${String(name)}: `;
      if (json === true) context.print(JSON.stringify(report.value));
      else if (isOk) context.print(`${context.paint('green', '✓')} ${of}nothing is known that would make it fail`);
      else for (const { message } of problems) context.print(`${context.paint('red', '✗')} ${of}${message}`);
    }
    return ok(allOk ? 0 : 1);
  },
});
