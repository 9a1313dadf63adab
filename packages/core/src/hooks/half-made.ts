/** Commands in a container that isn't complete yet: its process waits, and is joined as it is at this moment. */
import { errAsync } from 'neverthrow';
import { StateError } from '@haco/plan';
import { Inside } from '../exec/inside.js';
import type { ExecArguments } from '../exec/options.js';
import { Pidfd } from '../exec/pidfd.js';
import { readJoin } from '../exec/read-join.js';
import type { StartInput } from '../start/start-input.js';
import type { HookContext } from './section.js';

/** The container at one moment. */
export interface HalfMade {
  readonly name: string;
  readonly input: StartInput;
  /** Its first process, which can't end unnoticed while this is used; undefined when there is none. */
  readonly pid: number | undefined;
}

/** Who runs commands in it, until it is closed. */
export function halfMade({ input, pid }: HalfMade): Runner {
  if (pid === undefined) return { run: () => errAsync(nobody()), close: () => undefined };
  return insideOf({ input, pid });
}

/** Runs commands in a container, until it is closed. */
export interface Runner {
  readonly run: HookContext['run'];
  readonly close: () => void;
}

/** As {@link halfMade}, where there is a process for sure. */
export function insideOf({ input, pid }: { readonly input: StartInput; readonly pid: number }): Runner & {
  readonly inside: () => Inside;
} {
  const { parts, runtime, spec, makeBuilder } = input;
  let inside: Inside | undefined;
  let closed = false;
  const open = (): Inside => {
    // It is a child of this process, which reaps it only after the hook: its number stays its own.
    const pidfd = new Pidfd(pid, () => true);
    return new Inside({ parts, runtime, spec, makeBuilder, pidfd, readJoin: () => readJoin(pid, runtime.host()) });
  };
  return {
    inside: () => (inside ??= open()),
    run: (...args: readonly unknown[]) => {
      if (closed) return errAsync(nobody());
      inside ??= open();
      return inside.exec(args as unknown as ExecArguments);
    },
    close: () => {
      closed = true;
      inside?.close();
    },
  };
}

function nobody(): StateError {
  return new StateError({
    what: 'run a command in the container',
    state: 'it has no process',
    remedy: 'do it in a hook from afterNetworkCreated to beforeStartWait, before that hook is over',
  });
}
