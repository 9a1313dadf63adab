/** The flags of CRIU, which `checkpoint` and `restore` have in common. */
import { ok, err, type Result } from 'neverthrow';
import type { CriuOptions } from '@haco/core';
import type { OptionTable, ValuesOf } from '../command-line/options.js';
import { UsageError } from '../command-line/usage-error.js';

/** Each is an option of the SDK. */
export const criuOptions = {
  criu: { type: 'string', value: 'PROGRAM', about: 'CRIU itself, by name or path', complete: 'file' },
  'tcp-established': { type: 'boolean', about: 'keep TCP connections' },
  'action-script': {
    type: 'string',
    multiple: true,
    value: 'FILE',
    about: 'a program that CRIU calls in between',
    complete: 'file',
  },
  'log-level': { type: 'string', value: '1..4', about: 'how much CRIU logs; 2 without it', complete: 'none' },
  'criu-arg': { type: 'string', multiple: true, value: 'ARG', about: 'a further option of CRIU', complete: 'none' },
} as const satisfies OptionTable;

/** What the flags say. */
export function criuOf(values: ValuesOf<typeof criuOptions>): Result<CriuOptions, UsageError> {
  const { criu, 'action-script': actionScripts, 'log-level': level, 'criu-arg': args } = values;
  if (level !== undefined && !/^[1-4]$/.test(level)) {
    return err(new UsageError(`The option --log-level takes 1 to 4, not "${level}".`));
  }
  return ok({
    ...(criu === undefined ? {} : { criu }),
    ...(values['tcp-established'] === true ? { tcpEstablished: true } : {}),
    ...(actionScripts === undefined ? {} : { actionScripts }),
    ...(level === undefined ? {} : { logLevel: Number(level) }),
    ...(args === undefined ? {} : { args }),
  });
}
