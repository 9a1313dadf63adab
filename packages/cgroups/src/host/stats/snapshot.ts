/** What a group uses right now: one typed snapshot, the same for v1 and v2. */
import { existsSync, readdirSync } from 'node:fs';
import { NotFoundError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { GroupDir } from '../group-dir.js';
import { cpuStats, type CpuStats, type Read } from './cpu.js';
import { hugetlbStats, type HugetlbStats } from './hugetlb.js';
import { ioStats, type IoStats } from './io.js';
import { memoryStats, type MemoryStats } from './memory.js';
import { pidsStats, type PidsStats } from './pids.js';
import { pressureStats, type PressureStats } from './pressure.js';
import { FileReader } from './reader.js';

/**
 * A snapshot. A resource is missing when the group has no part in its controller. Counters count the groups below too.
 */
export interface GroupStats {
  /** When it was taken, as `Date.now()`. */
  readonly atMs: number;
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly pids?: PidsStats;
  readonly io?: IoStats;
  readonly hugetlb?: readonly HugetlbStats[];
  readonly pressure?: PressureStats;
}

/** The resources of a snapshot. */
export type StatsKind = Exclude<keyof GroupStats, 'atMs'>;

const allKinds: readonly StatsKind[] = ['cpu', 'memory', 'pids', 'io', 'hugetlb', 'pressure'];

/** Which resources to read; all when left out. */
export interface StatsOptions {
  readonly only?: readonly StatsKind[];
}

/** Page sizes are the kernel's: they don't change while it runs. */
function pageSizesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).flatMap((name) => /^hugetlb\.([^.]+)\.(?:max|limit_in_bytes)$/.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}

/**
 * Takes snapshots of one group, cheaply: descriptors stay open from the first snapshot to {@link StatsReader.close}.
 *
 * @example
 * ```ts
 * import { containerDirs, StatsReader } from '@haco/cgroups';
 * import { probeHost } from '@haco/sys';
 * const reader = new StatsReader(containerDirs('x', { memory: 2 ** 28 }, probeHost()));
 * reader.read({ only: ['memory'] }).map((stats) => stats.memory?.currentBytes);
 * reader.close();
 * ```
 */
export class StatsReader {
  readonly #dirs: readonly GroupDir[];
  readonly #readers: readonly FileReader[];
  #pageSizes: readonly string[] | undefined;

  constructor(dirs: readonly GroupDir[]) {
    this.#dirs = dirs;
    this.#readers = dirs.map(({ path }) => new FileReader(path));
  }

  /** The place of a controller: its version and its files. */
  #of(
    ...controllers: readonly string[]
  ): { readonly version: 1 | 2; readonly read: Read; readonly path: string } | undefined {
    for (let index = 0; index < this.#dirs.length; index += 1) {
      const dir = this.#dirs[index];
      const reader = this.#readers[index];
      if (dir === undefined || reader === undefined) continue;
      if (controllers.some((name) => dir.controllers.includes(name))) return { ...dir, read: reader.read };
    }
    return undefined;
  }

  #v2(): Read | undefined {
    return this.#readers[this.#dirs.findIndex(({ version }) => version === 2)]?.read;
  }

  // `cpu.stat` of v1 has no times: those are of cpuacct, which may be mounted apart. v2 counts them in every group.
  #cpu(): CpuStats | undefined {
    const cpu = this.#of('cpu');
    const cpuacct = this.#of('cpuacct');
    if (cpu === undefined && cpuacct === undefined) {
      const v2 = this.#v2();
      return v2 === undefined ? undefined : cpuStats(v2);
    }
    return cpuStats((file) => (file.startsWith('cpuacct.') ? cpuacct : cpu)?.read(file));
  }

  /** Take a snapshot. Fails with `not-found` when the group was removed. */
  read({ only = allKinds }: StatsOptions = {}): Result<GroupStats, HacoError> {
    const stats: { -readonly [K in keyof GroupStats]: GroupStats[K] } = { atMs: Date.now() };
    for (const kind of only) {
      switch (kind) {
        case 'cpu': {
          const cpu = this.#cpu();
          if (cpu !== undefined) stats.cpu = cpu;
          break;
        }
        case 'memory': {
          const memory = this.#of('memory');
          if (memory !== undefined) stats.memory = memoryStats(memory.read, memory.version);
          break;
        }
        case 'pids': {
          const pids = this.#of('pids');
          if (pids !== undefined) stats.pids = pidsStats(pids.read);
          break;
        }
        case 'io': {
          const io = this.#of('io', 'blkio');
          const read = io === undefined ? undefined : ioStats(io.read, io.version);
          if (read !== undefined) stats.io = read;
          break;
        }
        case 'hugetlb': {
          const hugetlb = this.#of('hugetlb');
          if (hugetlb === undefined) break;
          this.#pageSizes ??= pageSizesIn(hugetlb.path);
          stats.hugetlb = hugetlbStats(hugetlb.read, hugetlb.version, this.#pageSizes);
          break;
        }
        case 'pressure': {
          const v2 = this.#v2();
          const pressure = v2 === undefined ? undefined : pressureStats(v2);
          if (pressure !== undefined) stats.pressure = pressure;
          break;
        }
      }
    }
    const lost = this.#lost();
    if (lost === undefined) return ok(stats);
    this.close();
    return err(
      new NotFoundError({ what: 'control group', subject: lost, remedy: 'it was removed meanwhile; create it again' }),
    );
  }

  /** A directory that was removed. Looked for only when a file says so, or when there was nothing to read. */
  #lost(): string | undefined {
    const index = this.#readers.findIndex(({ gone, isOpen }) => gone || !isOpen);
    const path = this.#dirs[index]?.path;
    return path === undefined || existsSync(path) ? undefined : path;
  }

  /** Give the descriptors back; a later snapshot opens them again. */
  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
