/** `haco rm`: forget containers. */
import { defineCommand } from '../command-line/command.js';
import { forEach } from '../registry/each.js';

export const command = defineCommand({
  name: 'rm',
  about: 'Forget containers that have ended, with their outcome and their output: their names are free then.',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: { force: { type: 'boolean', short: 'f', about: 'kill what still runs first' } },
  examples: [],
  run: (context, { values, operands }) =>
    forEach(context, operands, (container) => container.remove({ force: values.force === true })),
});
