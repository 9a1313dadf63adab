/** `haco explain`: the plan of a container. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { describeContainer } from '../container/describe.js';
import { settingOptions } from '../container/settings.js';

export const command = defineCommand({
  name: 'explain',
  about: 'Show every system call that a container will make, in order, each with its reason. Nothing is started.',
  operands: { usage: '[FILE] [COMMAND ARG...]', least: 0, most: Infinity, complete: 'file' },
  rest: 'COMMAND ARG...',
  options: { ...settingOptions, ...jsonOption },
  examples: [
    ['haco explain my.haco.ts', 'the plan of a definition'],
    ['haco explain --unshare pid,uts -- hostname', 'the plan of what flags say'],
  ],
  async run(context, { values, operands, rest }) {
    const { json, ...settings } = values;
    const described = await describeContainer('explain', { values: settings, operands, rest }, context.env);
    if (described.isErr()) return err(described.error);
    return described.value.builder.explain().map((plan) => {
      context.print(json === true ? JSON.stringify(plan) : String(plan).trimEnd());
      return 0;
    });
  },
});
