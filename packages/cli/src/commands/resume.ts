/** `haco resume`: let paused containers go on. */
import { defineCommand } from '../command-line/command.js';
import { forEach } from '../registry/each.js';

export const command = defineCommand({
  name: 'resume',
  about: 'Let the processes of paused containers go on.',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: {},
  examples: [],
  run: (context, { operands }) => forEach(context, operands, (container) => container.thaw()),
});
