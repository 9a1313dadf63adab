/** Kills a container whose processes together have used the CPU time that they may: the kernel counts, Node looks. */
import { cpus } from 'node:os';
import { containerDirs, readCpuTime, type CgroupsSection, type GroupDir } from '@haco/cgroups';
import type { StartInput } from './start-input.js';

/** Shortest pause between two looks, in milliseconds: one costs some 10 µs. */
const shortestMs = 10;

let processors: number | undefined;

/**
 * How long to wait for the next look: by then all processors together can just have used what is left. Pauses get shorter as the
 * limit comes nearer, so a whole run needs about a dozen looks.
 */
export function pauseMs(leftMs: number, cpuCount: number): number {
  return Math.min(2 ** 31 - 1, Math.max(shortestMs, leftMs / cpuCount));
}

/** The container whose time is watched. */
interface Watched {
  readonly name: string;
  /** Whether its command runs, so that its groups are there. */
  readonly runs: () => boolean;
}

/** Call `reached` once the container has used its CPU time. Returns what ends the watch. */
export function watchCpuTime({ spec, runtime }: StartInput, { name, runs }: Watched, reached: () => void): () => void {
  const section = spec['cgroups'] as CgroupsSection | undefined;
  const limitMs = section?.cpuTimeMs;
  if (section === undefined || limitMs === undefined) return () => undefined;
  let dirs: readonly GroupDir[] = [];
  const count = (processors ??= Math.max(1, cpus().length));
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const running = runs();
    if (dirs.length === 0) dirs = containerDirs(name, section, runtime.host());
    // The limit was left out, because the host can't count.
    if (dirs.length === 0 && running) return;
    const usedMs = readCpuTime(dirs);
    // The group isn't made yet, or gone already: the watch begins with the start, and ends with the container.
    if (usedMs === undefined) timer = setTimeout(look, shortestMs);
    else if (usedMs >= limitMs) reached();
    else timer = setTimeout(look, pauseMs(limitMs - usedMs, count));
  };
  look();
  return () => clearTimeout(timer);
}
