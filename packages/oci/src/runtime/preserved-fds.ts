/** `--preserve-fds`: descriptors beyond the standard streams that the caller hands to the command, under the same numbers. */
import { readlinkSync } from 'node:fs';
import { InvalidSpecError, issue, quote, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { preservedName } from './runtime-plan.js';
import { valueOf, type Values } from './command-line.js';

/** The first one; before it are the standard streams. */
export const firstPreserved = 3;

/** More than any engine hands on, and few enough for the launcher's plan. */
const most = 200;

function refused(problem: string): Result<never, HacoError> {
  return err(new InvalidSpecError({ issues: [issue('--preserve-fds', problem)] }));
}

/** Whether the caller has left it open: where it has not, Node takes the number for the events that it waits for. */
function isOpen(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${String(fd)}`) !== 'anon_inode:[eventpoll]';
  } catch {
    return false;
  }
}

/** Their numbers: from 3 on, as many as were asked for. All must be there: a program that counts on one must not find another. */
export function preservedFds(options: Values): Result<readonly number[], HacoError> {
  const given = valueOf(options, 'preserve-fds') ?? '0';
  if (!/^\d{1,4}$/.test(given) || Number(given) > most) {
    return refused(`${quote(given)} is no number from 0 to ${String(most)}`);
  }
  const fds = Array.from({ length: Number(given) }, (_, index) => firstPreserved + index);
  const missing = fds.find((fd) => !isOpen(fd));
  if (missing === undefined) return ok(fds);
  return refused(`descriptor ${String(missing)} of ${given} is not open; open it, or hand on fewer`);
}

/** As the launcher gets them. */
export function namedPreserved(fds: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(fds.map((fd, index) => [preservedName(index), fd]));
}
