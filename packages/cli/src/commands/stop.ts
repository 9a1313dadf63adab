/** `haco stop`: ask containers to end, and make them. */
import { err, ok } from 'neverthrow';
import { defineCommand } from '../command-line/command.js';
import { forEach } from '../registry/each.js';
import { parseSignal } from '../registry/signal.js';

export const command = defineCommand({
  name: 'stop',
  about: 'Ask containers to end, wait for it, and kill those that take too long. No restart policy starts them again.',
  operands: { usage: 'NAME|FILE...', least: 1, most: Infinity, complete: 'container' },
  options: {
    timeout: {
      type: 'string',
      short: 'T',
      value: 'TIME',
      about: 'how long it may take: seconds, or e.g. 500ms; 10 s without it',
      complete: 'none',
    },
    signal: {
      type: 'string',
      short: 's',
      value: 'NAME',
      about: 'what is sent first, in place of TERM',
      complete: 'signal',
    },
  },
  examples: [],
  async run(context, { values, operands }) {
    const signal = values.signal === undefined ? ok(undefined) : parseSignal(values.signal);
    if (signal.isErr()) return err(signal.error);
    const { timeout } = values;
    return forEach(context, operands, (container) =>
      container.stop({
        ...(timeout === undefined ? {} : { timeout: /^\d+$/.test(timeout) ? `${timeout}s` : timeout }),
        ...(signal.value === undefined ? {} : { signal: signal.value }),
      }),
    );
  },
});
