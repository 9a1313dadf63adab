/** `haco kill`: send a signal, and see that it had its effect. */
import { err, ok, ResultAsync, type Result } from 'neverthrow';
import { parseDuration, type HacoError, type ManagedContainer } from '@haco/core';
import { defineCommand } from '../command-line/command.js';
import { UsageError } from '../command-line/usage-error.js';
import { forEach } from '../registry/each.js';
import { whichOptions } from '../registry/target.js';
import { isEnding, parseSignal } from '../registry/signal.js';

/** Milliseconds; undefined: don't wait. */
function timeoutMs(text: string): Result<number | undefined, UsageError> {
  if (/^-\d+$/.test(text)) return ok(undefined);
  return parseDuration(/^\d+$/.test(text) ? `${text}s` : text).mapErr(
    (problem) => new UsageError(`The option --timeout doesn't understand "${text}": ${problem}.`),
  );
}

async function killAndWait(
  container: ManagedContainer,
  signal: NodeJS.Signals | number,
  ms: number | undefined,
): Promise<Result<unknown, HacoError>> {
  const sent = await container.kill(signal);
  if (sent.isErr() || ms === undefined) return sent;
  const ended = await container.wait({ timeout: ms });
  // Removed as soon as it has ended: that is an end, too.
  return ended.isErr() && ended.error.kind === 'not-found' ? ok(undefined) : ended;
}

export const command = defineCommand({
  name: 'kill',
  about:
    'Send a signal to the first process of containers, and wait for their end when it is a signal that ends programs. A first process ' +
    'of a pid namespace ignores signals that it has no handler for, but for KILL; "haco stop" escalates.',
  operands: { usage: '[NAME|FILE...]', least: 0, most: Infinity, complete: 'container' },
  options: {
    ...whichOptions,
    signal: { type: 'string', short: 's', value: 'NAME', about: 'TERM without it', complete: 'signal' },
    timeout: {
      type: 'string',
      short: 'T',
      value: 'SEC',
      about: 'how long to wait for the end; 10 without it, not at all when negative',
      complete: 'none',
    },
  },
  examples: [
    ['haco kill -s HUP web', 'e.g. to let it read its configuration again'],
    ['haco kill --target 4711', 'the container of that process'],
  ],
  async run(context, { values, operands }) {
    const signal = parseSignal(values.signal ?? 'TERM');
    if (signal.isErr()) return err(signal.error);
    const ms = timeoutMs(values.timeout ?? '10');
    if (ms.isErr()) return err(ms.error);
    const waits = isEnding(signal.value) && ms.value !== undefined;
    return forEach(
      context,
      { operands, values },
      (container) => new ResultAsync(killAndWait(container, signal.value, waits ? ms.value : undefined)),
      (name) => `${waits ? 'Kill success' : 'Send signal success'}: ${name}`,
    );
  },
});
