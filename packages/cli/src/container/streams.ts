/** Where the streams of a container lead when nothing else was said: to those of haco, or to a terminal of its own. */
import type { Builder, Spec } from '@haco/core';
import type { Context } from '../context.js';

/** A builder with streams, and whether they are a terminal. */
export interface WithStreams {
  readonly builder: Builder;
  readonly terminal: boolean;
}

/**
 * On a terminal the container gets one of its own (a session of its own has no way to type into ours); else it gets our descriptors
 * themselves, so that nothing is copied and nothing changed.
 */
export function withStreams(
  builder: Builder,
  spec: Spec,
  { isTerminal, env }: Pick<Context, 'isTerminal' | 'env'>,
  asked: boolean | undefined,
): WithStreams {
  const { stdin, stdout, stderr, tty } = spec.process;
  const untouched = stdin === undefined && stdout === undefined && stderr === undefined;
  if (
    tty !== undefined ||
    asked === true ||
    (asked === undefined && untouched && isTerminal.stdin && isTerminal.stdout)
  ) {
    const { columns, rows } = isTerminal.stdout ? process.stdout : { columns: 80, rows: 24 };
    const TERM = env['TERM'];
    const known = TERM === undefined || spec.process.env['TERM'] !== undefined ? builder : builder.env({ TERM });
    return { builder: known.tty({ columns, rows }), terminal: true };
  }
  let next = builder;
  if (stdin === undefined) next = next.stdin({ fd: 0 });
  if (stdout === undefined) next = next.stdout({ fd: 1 });
  if (stderr === undefined) next = next.stderr({ fd: 2 });
  return { builder: next, terminal: false };
}
