/** A root filesystem that a shell script makes on the host. */
import { issue } from '@haco/plan';
import { checkTarget, Fields } from '../fields.js';
import type { Strategy } from '../strategy.js';
import { late } from '../late.js';

const prepareShell = late(async () => (await import('../host/shell.js')).prepareShell);

/** What {@link shell} takes besides the script. */
export interface ShellOptions {
  /** Absolute path of the directory that becomes the root. One that is there and not empty is used as it is. */
  readonly target: string;
  /** Further variables of the script. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Spec of {@link shell}. */
export interface ShellSpec extends ShellOptions {
  readonly strategy: 'shell';
  readonly script: string;
}

/**
 * A root filesystem that a script of `/bin/sh` makes **on the host**, with all rights of the caller. It begins in the directory to be
 * filled, which is also in `$ROOT`; its commands are echoed (`-x`), and the first that fails ends it (`-e`).
 *
 * @example
 * ```ts
 * import { shell } from '@haco/bootstrap';
 * shell('mkdir bin && cp /bin/busybox bin/sh', { target: '/srv/roots/tiny' });
 * ```
 *
 * @see the verb `provision`, for scripts that run inside
 */
export function shell(script: string, options: ShellOptions): ShellSpec {
  return { strategy: 'shell', script, ...options };
}

export const shellStrategy: Strategy<ShellSpec> = {
  name: 'shell',
  parse: (json) => {
    const fields = new Fields(json, ['strategy', 'script', 'target', 'env']);
    return fields.finish({
      strategy: 'shell',
      script: fields.required('script'),
      target: fields.required('target'),
      ...fields.texts('env'),
    });
  },
  validate: ({ script, target, env = {} }) => [
    ...(script.trim() === '' ? [issue('script', 'must not be empty')] : []),
    ...(script.includes('\0') ? [issue('script', 'contains a NUL byte')] : []),
    ...checkTarget(target),
    ...Object.entries(env).flatMap(([name, value]) =>
      /^[A-Za-z_]\w*$/.test(name) && !value.includes('\0') ? [] : [issue(`env.${name}`, 'is no variable of a shell')],
    ),
  ],
  source: ({ target }) => ({ path: target }),
  prepare: prepareShell,
};
