/** `haco explain`: the plan of a container. */
import { InvalidSpecError, issue, planFormats } from '@haco/core';
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
  options: {
    ...settingOptions,
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: planFormats,
      about: 'how it is shown: text (meant without it), mermaid (a flowchart) or svg (a picture)',
    },
    ...jsonOption,
  },
  examples: [
    ['haco explain my.haco.ts', 'the plan of a definition'],
    ['haco explain --unshare pid,uts -- hostname', 'the plan of what flags say'],
    ['haco explain --format svg my.haco.ts > my.svg', 'a picture of it'],
  ],
  async run(context, { values, operands, rest }) {
    const { json, format, ...settings } = values;
    const shown = planFormats.find((one) => one === format) ?? 'text';
    const found = await describeContainer('explain', { values: settings, operands, rest }, context.env);
    const containers = found.andThen(({ described }) => containersOf(described));
    if (containers.isErr()) return err(containers.error);
    const { length } = containers.value;
    if (shown !== 'text' && length > 1) {
      const problem = `a picture shows one container, and here are ${String(length)}; draw each by explain({ format: "${shown}" }) of its builder`;
      return err(new InvalidSpecError({ issues: [issue('--format', problem)] }));
    }
    const plans: string[] = [];
    for (const { name, member, builder } of containers.value) {
      // A title would be no part of a picture.
      const title = member === undefined || shown !== 'text' ? '' : `${context.paint('bold', String(name))}\n`;
      const plan =
        json === true
          ? builder.explain().map((value) => JSON.stringify(value))
          : builder.explain({ format: shown }).map((form) => `${title}${form.trimEnd()}`);
      if (plan.isErr()) return err(plan.error);
      plans.push(plan.value);
    }
    context.print(plans.join(json === true ? '\n' : '\n\n'));
    return ok(0);
  },
});
