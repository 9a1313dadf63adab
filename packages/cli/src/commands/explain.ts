/** `haco explain`: the plan of a container. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { describeContainer } from '../container/describe.js';
import { settingOptions } from '../container/settings.js';
import { containersOf } from '../definition/load.js';

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
    const found = await describeContainer('explain', { values: settings, operands, rest }, context.env);
    const containers = found.andThen(({ described }) => containersOf(described));
    if (containers.isErr()) return err(containers.error);
    const plans: string[] = [];
    for (const { name, member, builder } of containers.value) {
      const plan = builder.explain();
      if (plan.isErr()) return err(plan.error);
      const title = member === undefined ? '' : `${context.paint('bold', String(name))}\n`;
      plans.push(json === true ? JSON.stringify(plan.value) : `${title}${String(plan.value).trimEnd()}`);
    }
    context.print(plans.join(json === true ? '\n' : '\n\n'));
    return ok(0);
  },
});
