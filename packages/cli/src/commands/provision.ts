/** `haco provision`: the steps of provisioning again. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { creatableIn, createRoots } from '../container/create.js';
import { words } from '../container/lists.js';

export const command = defineCommand({
  name: 'provision',
  about:
    'Do the steps of provisioning of a definition that were not done yet in its root, or those that are named, done or not.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: {
    'run-only': {
      type: 'string',
      short: 'r',
      multiple: true,
      value: 'NAME,...',
      about: 'only these steps',
      complete: 'none',
    },
  },
  examples: [['haco provision -r packages web.haco.ts', 'one step again']],
  async run(context, { values, operands: [file = ''] }) {
    const containers = await creatableIn('provision', file);
    if (containers.isErr()) return err(containers.error);
    const only = words(values['run-only']);
    return createRoots(context, containers.value, { doing: 'Provisioning', ...(only.length === 0 ? {} : { only }) });
  },
});
