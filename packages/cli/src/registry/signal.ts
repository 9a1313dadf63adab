/** Names of signals as people write them. */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import { suggestion } from '../command-line/suggest.js';
import { UsageError } from '../command-line/usage-error.js';

/** `TERM`, `SIGTERM`, `term` or `15`. */
export function parseSignal(word: string): Result<NodeJS.Signals | number, UsageError> {
  if (/^\d{1,2}$/.test(word)) return ok(Number(word));
  const name = `SIG${word.toUpperCase().replace(/^SIG/, '')}`;
  if (Object.hasOwn(constants.signals, name)) return ok(name as NodeJS.Signals);
  const known = Object.keys(constants.signals).map((signal) => signal.slice(3));
  return err(
    new UsageError(
      `There is no signal "${word}"; ${suggestion(
        name.slice(3).toLowerCase(),
        known.map((signal) => signal.toLowerCase()),
        'signal(7) lists all.',
      )}`,
    ),
  );
}

const ending: readonly (NodeJS.Signals | number)[] = [
  'SIGTERM',
  'SIGKILL',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  15,
  9,
  2,
  3,
  6,
];

/** Whether who sends it wants an end. */
export function isEnding(signal: NodeJS.Signals | number): boolean {
  return ending.includes(signal);
}
