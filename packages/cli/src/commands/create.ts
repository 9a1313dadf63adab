/** `haco create`: the root of a definition, made and provisioned. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { creatableIn, createRoots } from '../container/create.js';

export const command = defineCommand({
  name: 'create',
  about:
    'Make the root directory of a definition, when it is not there yet, and do the steps of its provisioning that were not done yet. ' +
    'Progress goes to stderr; Ctrl-C cancels, and what is half-made is not taken for finished.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: { 'no-provision': { type: 'boolean', short: 'N', about: 'make the root only' } },
  examples: [['haco create web.haco.ts', '']],
  async run(context, { values, operands: [file = ''] }) {
    const containers = await creatableIn('create', file);
    if (containers.isErr()) return err(containers.error);
    return createRoots(context, containers.value, { provision: values['no-provision'] !== true });
  },
});
