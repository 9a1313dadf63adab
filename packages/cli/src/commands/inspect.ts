/** `haco inspect`: everything that is known of containers. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { jsonOption } from '../command-line/options.js';
import { findContainers } from '../registry/target.js';

export const command = defineCommand({
  name: 'inspect',
  about: 'Show everything that is known of containers, as JSON: one value for each.',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: { json: { ...jsonOption.json, about: 'each on one line; errors in JSON too' } },
  examples: [['haco inspect web | jq .outcome', 'how it ended']],
  async run(context, { values, operands }) {
    const found = await findContainers(operands);
    if (found.isErr()) return err(found.error);
    for (const container of found.value) {
      const state = await container.state();
      if (state.isErr()) return err(state.error);
      context.print(JSON.stringify(state.value, null, values.json === true ? 0 : 2));
    }
    return ok(0);
  },
});
