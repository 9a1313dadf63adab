/** Signals as engines write them: `9`, `KILL`, `SIGKILL`, `kill`. */
import { constants } from 'node:os';
import { InvalidSpecError, issue, quote, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';

const realtime = { first: 34, last: 64 } as const;

/** Its number. */
export function signalNumber(text: string): Result<number, HacoError> {
  const wrong = (): Result<never, HacoError> =>
    err(
      new InvalidSpecError({
        issues: [issue('signal', `${quote(text)} is no signal; write a number or a name of signal(7)`)],
      }),
    );
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number <= realtime.last ? ok(number) : wrong();
  }
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const offset = /^SIGRTM(IN|AX)([+-]\d+)?$/.exec(name);
  if (offset !== null) {
    const number = (offset[1] === 'IN' ? realtime.first : realtime.last) + Number(offset[2] ?? 0);
    return number >= realtime.first && number <= realtime.last ? ok(number) : wrong();
  }
  const number = Object.hasOwn(constants.signals, name)
    ? constants.signals[name as keyof typeof constants.signals]
    : undefined;
  return number === undefined ? wrong() : ok(number);
}
