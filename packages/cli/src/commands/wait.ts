/** `haco wait`: until containers have ended. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { exitCodeOf } from '../exit-code.js';
import { findContainers } from '../registry/target.js';

export const command = defineCommand({
  name: 'wait',
  about: 'Wait until containers have ended, and print the exit code of each. The last one is the exit code of haco.',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: {},
  examples: [['haco wait build && echo good', '']],
  async run(context, { operands }) {
    const found = await findContainers(operands);
    if (found.isErr()) return err(found.error);
    let last = 0;
    for (const container of found.value) {
      const outcome = await container.wait();
      if (outcome.isErr()) return err(outcome.error);
      last = exitCodeOf(outcome.value);
      context.print(String(last));
    }
    return ok(last);
  },
});
