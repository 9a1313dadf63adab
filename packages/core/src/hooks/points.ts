/** The moments at which hooks are called, from before everything to after everything. */
import type { Phase } from '@haco/plan';

interface Point {
  /** Whether a hook that fails fails the start, when nothing else is said. */
  readonly fatal: boolean;
  /** Where in the plan the start waits for it; the others are called by Node before, beside or after the launcher. */
  readonly barrier?: { readonly phase: Phase; readonly last: boolean; readonly why: string };
}

/** Every point, in the order in which they come. */
export const hookPoints = {
  setup: { fatal: true },
  beforeFork: { fatal: true },
  afterNetworkCreated: {
    fatal: true,
    barrier: {
      phase: 'parent',
      last: true,
      why: "everything that the host has to do for the container's process is done, its network included",
    },
  },
  afterFork: {
    fatal: true,
    barrier: {
      phase: 'identity',
      last: false,
      why: 'the process is there, in its new namespaces, and nothing else has happened in it',
    },
  },
  beforeChroot: {
    fatal: true,
    barrier: {
      phase: 'mounts',
      last: true,
      why: 'the mounts are made, and the paths of the host can still be reached',
    },
  },
  afterChroot: {
    fatal: true,
    barrier: { phase: 'root', last: true, why: 'the root is the new one, and all capabilities are still there' },
  },
  beforeStartWait: { fatal: true },
  afterReload: { fatal: false },
  teardownContainer: { fatal: false },
  afterFailure: { fatal: false },
  systemFailure: { fatal: false },
  teardown: { fatal: false },
  beforeRestore: { fatal: true },
  afterRestore: { fatal: false },
} as const satisfies Readonly<Record<string, Point>>;

/**
 * A moment at which hooks are called.
 *
 * | point | when | a failure fails the start |
 * | --- | --- | --- |
 * | `setup` | first of all, before anything is made | yes |
 * | `beforeFork` | before the container's process is made, and its network | yes |
 * | `afterNetworkCreated` | its process waits, its network is there (also when none was asked for) | yes |
 * | `afterFork` | first thing in its process | yes |
 * | `beforeChroot` | its mounts are made; the host's paths are still there | yes |
 * | `afterChroot` | its root is entered and hardened; its capabilities are still all there | yes |
 * | `beforeStartWait` | its command runs; `start()` gives the handle afterwards | yes |
 * | `afterReload` | its definition was read again and applied while it runs; the hooks are those of the new one | no |
 * | `teardownContainer` | it has ended, or could not be started; before its network goes | no |
 * | `afterFailure` | after that, when it ended with anything but 0 | no |
 * | `systemFailure` | after everything was undone, when the start failed or something of it could not be undone | no |
 * | `teardown` | last of all | no |
 * | `beforeRestore` | after `beforeFork`, when the container is restored from a checkpoint | yes |
 * | `afterRestore` | the restored processes go on; before `beforeStartWait` | no |
 */
export type HookPoint = keyof typeof hookPoints;

/** Points at which the start waits. */
export const barrierPoints = (Object.keys(hookPoints) as HookPoint[]).filter((point) => 'barrier' in hookPoints[point]);

/** Name of the barrier of a point. */
export function barrierOf(point: HookPoint): string {
  return `hooks.${point}`;
}
