/** Exit codes as people know them from env(1), docker and sh: the container's own, or why there is none. */
import { constants } from 'node:os';
import type { HacoError, Outcome } from '@haco/core';

/** haco itself failed, or was asked for something that makes no sense. */
export const hacoFailed = 125;
/** The command was found, and can't be executed. */
const notExecutable = 126;
/** There is no such command. */
const commandNotFound = 127;

/** The exit code for the way in which a container ended: its own, or 128 and the number of the signal. */
export function exitCodeOf({ exitCode, signal }: Pick<Outcome, 'exitCode' | 'signal'>): number {
  if (exitCode !== null) return exitCode;
  const realTime = /^SIGRTMIN\+(\d+)$/.exec(signal ?? '');
  const number =
    realTime === null ? constants.signals[(signal ?? 'SIGKILL') as NodeJS.Signals] : 34 + Number(realTime[1]);
  return 128 + number;
}

/** Errnos of execve(2) that say that a file is there, and is no program for us. */
const refusals = new Set(['EACCES', 'EPERM', 'ENOEXEC', 'EISDIR', 'ELIBBAD']);

/** The exit code for an error. */
export function exitCodeOfError(error: HacoError | { readonly kind: 'usage' }): number {
  if (error.kind === 'not-found' && error.what === 'command') return commandNotFound;
  if (error.kind === 'syscall' && /^execve(at)?$/.test(error.syscall) && refusals.has(error.errno))
    return notExecutable;
  return hacoFailed;
}
