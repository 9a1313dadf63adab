/** haco in growing isolation. Each start builds its chain anew, as a user's line does, unless the label says otherwise. */
import { haco } from '@haco/core';
import type { Contender, StagePaths } from './contender.js';

interface Runnable {
  run(): ReturnType<ReturnType<typeof haco>['run']>;
}

async function toEnd(builder: Runnable): Promise<undefined> {
  const result = await builder.run();
  if (result.isErr()) throw result.error;
  if (result.value.exitCode !== 0) throw new Error(`the command ended with ${String(result.value.exitCode)}`);
  return undefined;
}

/** All namespaces but net and user, as the targets speak of. */
export const namespaces = () => haco().unshare('pid', 'uts', 'ipc', 'mount', 'cgroup', 'time');

/** … with a root, /proc, /dev and /tmp of its own. */
export const withRoot = (root: string) => namespaces().chroot(root).independent('procfs', 'dev').tmpfs('/tmp');

/** … without capabilities, and no way to gain any: the isolation that the targets speak of. */
export const full = (root: string) => withRoot(root).caps('none').noNewPrivileges();

/** … and limits. */
export const limited = (root: string) => full(root).cpu(100).memory('256MiB').pids(64);

/** One isolation after the other, as it grows: those that are compared in each situation. */
export const growth = ['haco-none', 'haco-four', 'haco-namespaces', 'haco-root', 'haco-full', 'haco-limits'] as const;

export function hacoContenders({ root, staticTrue }: StagePaths): readonly Contender[] {
  const inside = '/bin/true';
  let count = 0;
  const again = full(root).name('haco-bench-again').command(inside);
  const levels: readonly (readonly [id: string, label: string, make: () => Runnable])[] = [
    ['haco-none', 'haco: no isolation', () => haco().command(staticTrue)],
    ['haco-four', 'haco: pid, uts, ipc, mount', () => haco().unshare('pid', 'uts', 'ipc', 'mount').command(staticTrue)],
    ['haco-namespaces', 'haco: all namespaces but net, user', () => namespaces().command(staticTrue)],
    ['haco-root', 'haco: + pivot_root, /proc, /dev, /tmp', () => withRoot(root).command(inside)],
    ['haco-full', 'haco: + no capabilities, no_new_privs', () => full(root).command(inside)],
    ['haco-again', 'haco: the same, one builder run again', () => again],
    // What is planned anew of it is what differs.
    ['haco-other', 'haco: the same, other arguments each time', () => full(root).command(inside, String((count += 1)))],
    [
      'haco-named',
      'haco: the same, another name each time',
      () =>
        full(root)
          .name(`bench-${String(100_000 + (count += 1))}`)
          .command(inside),
    ],
    ['haco-limits', 'haco: + limits of cpu, memory, pids', () => limited(root).command(inside)],
  ];
  return levels.map(([id, label, make]) => ({ id, label, group: 'haco', start: () => toEnd(make()) }));
}
