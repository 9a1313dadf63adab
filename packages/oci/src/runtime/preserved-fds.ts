/** `--preserve-fds`: descriptors beyond the standard streams, which no container of haco gets. */
import { InvalidSpecError, issue, quote, type HacoError } from '@haco/core';
import { err, ok, type Result } from 'neverthrow';
import { valueOf, type Values } from './command-line.js';

/** Refuse any but none: a program that counts on a descriptor must not find another one in its place. */
export function refusePreserved(options: Values): Result<void, HacoError> {
  const given = valueOf(options, 'preserve-fds');
  if (given === undefined || given === '0') return ok();
  const problem = `${quote(given)} descriptors would be handed on, which haco-oci does not do; leave it out`;
  return err(new InvalidSpecError({ issues: [issue('--preserve-fds', problem)] }));
}
