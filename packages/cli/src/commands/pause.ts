/** `haco pause`: stop all processes of containers where they are. */
import { defineCommand } from '../command-line/command.js';
import { forEach } from '../registry/each.js';

export const command = defineCommand({
  name: 'pause',
  about: 'Stop all processes of containers where they are, until "haco resume".',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: {},
  examples: [],
  run: (context, { operands }) => forEach(context, operands, (container) => container.freeze()),
});
