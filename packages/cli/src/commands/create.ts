/** `haco create`: the root of a definition, made and provisioned. */
import { err } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { createRoot, definitionFor } from '../container/create.js';

export const command = defineCommand({
  name: 'create',
  about:
    'Make the root directory of a definition, when it is not there yet, and do the steps of its provisioning that were not done yet. ' +
    'Progress goes to stderr; Ctrl-C cancels, and what is half-made is not taken for finished.',
  operands: { usage: 'FILE', least: 1, most: 1, complete: 'file' },
  options: { 'no-provision': { type: 'boolean', short: 'N', about: 'make the root only' } },
  examples: [['haco create web.haco.ts', '']],
  async run(context, { values, operands: [file = ''] }) {
    const definition = await definitionFor('create', file);
    if (definition.isErr()) return err(definition.error);
    const { builder, name } = definition.value;
    const provision = values['no-provision'] !== true;
    return (await createRoot(context, { builder, title: `Creating rootfs of ${name}...` }, { provision })).map(() => 0);
  },
});
