/** Signals by their names, which engines show and take. */
import { constants } from 'node:os';

/** `SIGTERM` for 15; the number itself where it has no name. */
export function nameOfSignal(number: number): string {
  return Object.entries(constants.signals).find(([, one]) => one === number)?.[0] ?? String(number);
}
