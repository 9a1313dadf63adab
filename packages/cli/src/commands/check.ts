/** `haco check`: what would make a container fail on this host. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { describeContainer } from '../container/describe.js';
import { settingOptions } from '../container/settings.js';

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
    const described = await describeContainer('check', { values: settings, operands, rest }, context.env);
    if (described.isErr()) return err(described.error);
    return (await described.value.builder.check()).map((report) => {
      if (json === true) context.print(JSON.stringify(report));
      else if (report.ok) context.print(`${context.paint('green', '✓')} nothing is known that would make it fail`);
      else for (const { message } of report.problems) context.print(`${context.paint('red', '✗')} ${message}`);
      return report.ok ? 0 : 1;
    });
  },
});
