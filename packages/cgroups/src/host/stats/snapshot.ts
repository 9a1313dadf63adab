/** What a group uses right now: one typed snapshot, the same for v1 and v2. */
import { existsSync, readdirSync } from 'node:fs';
import { NotFoundError, type HacoError, nothing } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import { failure } from '../files.js';
import type { GroupDir } from '../group-dir.js';
import { nestedReader, nothingNested, type ReadNested } from '../nested-counters.js';
import { isListOf, readOptions, type Checks } from '../options.js';
import { cpuStats, type CpuStats, type Read } from './cpu.js';
import { hugetlbStats, type HugetlbStats } from './hugetlb.js';
import { ioStats, type IoStats } from './io.js';
import { memoryStats, type MemoryStats } from './memory.js';
import { pidsStats, type PidsStats } from './pids.js';
import { pressureStats, type PressureStats } from './pressure.js';
import { FileReader } from './reader.js';

/**
 * A snapshot. A resource is missing when the group has no part in its controller. What is used, killed and refused in the groups
 * below is in it too. On v1 the kernel keeps kills and refusals where they happened: they are added up, as long as those groups are
 * there. How often the CPU limit held something back is told of the group itself alone, on both versions.
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

const checks = { only: isListOf('resource', allKinds) } as const satisfies Checks<StatsOptions>;

/** The resources of options that are in order, at a glance: hundreds of groups are asked each second. Undefined: look closer. */
function inOrder(options: StatsOptions): readonly StatsKind[] | undefined {
  if (options === nothing) return allKinds;
  if (typeof options !== 'object' || (options as unknown) === null) return undefined;
  const keys = Object.keys(options);
  if (keys.length === 0) return allKinds;
  const only = keys.length === 1 && keys[0] === 'only' ? options.only : undefined;
  return Array.isArray(only) && only.every((kind) => allKinds.includes(kind as StatsKind)) ? only : undefined;
}

/** Page sizes are the kernel's: they don't change while it runs. */
function pageSizesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).flatMap((name) => /^hugetlb\.([^.]+)\.(?:max|limit_in_bytes)$/.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** The groups below, in this snapshot; v2 counts for them by itself. */
function nestedOf({ version, path }: Place): ReadNested {
  return version === 1 ? nestedReader(path) : nothingNested;
}

/** Where the files of a controller are. */
interface Place {
  readonly version: 1 | 2;
  readonly path: string;
  readonly read: Read;
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
  readonly #places: { readonly [K in 'cpu' | 'cpuacct' | 'memory' | 'pids' | 'io' | 'hugetlb']: Place | undefined };
  readonly #v2: Read | undefined;
  #pageSizes: readonly string[] | undefined;

  constructor(dirs: readonly GroupDir[]) {
    this.#dirs = dirs;
    this.#readers = dirs.map(({ path }) => new FileReader(path));
    this.#places = {
      cpu: this.#find('cpu'),
      cpuacct: this.#find('cpuacct'),
      memory: this.#find('memory'),
      pids: this.#find('pids'),
      io: this.#find('io', 'blkio'),
      hugetlb: this.#find('hugetlb'),
    };
    this.#v2 = this.#readers[dirs.findIndex(({ version }) => version === 2)]?.read;
  }

  /** The place of the first of these controllers that the group has. */
  #find(...controllers: readonly string[]): Place | undefined {
    for (const [index, dir] of this.#dirs.entries()) {
      const reader = this.#readers[index];
      if (reader === undefined) continue;
      if (controllers.some((name) => dir.controllers.includes(name))) {
        return { version: dir.version, path: dir.path, read: reader.read };
      }
    }
    return undefined;
  }

  // `cpu.stat` of v1 has no times: those are of cpuacct, which may be mounted apart. v2 counts them in every group.
  #cpu(): CpuStats | undefined {
    const { cpu, cpuacct } = this.#places;
    if (cpu === undefined && cpuacct === undefined) return this.#v2 === undefined ? undefined : cpuStats(this.#v2);
    return cpuStats((file) => (file.startsWith('cpuacct.') ? cpuacct : cpu)?.read(file));
  }

  /** Take a snapshot. Fails with `not-found` when the group was removed. */
  read(options: StatsOptions = nothing): Result<GroupStats, HacoError> {
    const only = inOrder(options);
    if (only !== undefined) return this.#take(only);
    return readOptions(options, checks).andThen(({ only: kinds = allKinds }) => this.#take(kinds));
  }

  #take(only: readonly StatsKind[]): Result<GroupStats, HacoError> {
    for (const reader of this.#readers) reader.begin();
    const stats: { -readonly [K in keyof GroupStats]: GroupStats[K] } = { atMs: Date.now() };
    for (const kind of only) {
      switch (kind) {
        case 'cpu': {
          const cpu = this.#cpu();
          if (cpu !== undefined) stats.cpu = cpu;
          break;
        }
        case 'memory': {
          const { memory } = this.#places;
          if (memory !== undefined) stats.memory = memoryStats(memory.read, memory.version, nestedOf(memory));
          break;
        }
        case 'pids': {
          const { pids } = this.#places;
          if (pids !== undefined) stats.pids = pidsStats(pids.read, nestedOf(pids));
          break;
        }
        case 'io': {
          const { io } = this.#places;
          const read = io === undefined ? undefined : ioStats(io.read, io.version);
          if (read !== undefined) stats.io = read;
          break;
        }
        case 'hugetlb': {
          const { hugetlb } = this.#places;
          if (hugetlb === undefined) break;
          this.#pageSizes ??= pageSizesIn(hugetlb.path);
          stats.hugetlb = hugetlbStats(hugetlb.read, hugetlb.version, this.#pageSizes, nestedOf(hugetlb));
          break;
        }
        case 'pressure': {
          const pressure = this.#v2 === undefined ? undefined : pressureStats(this.#v2);
          if (pressure !== undefined) stats.pressure = pressure;
          break;
        }
      }
    }
    const lost = this.#lost();
    if (lost === undefined) return this.#whole(stats);
    this.close();
    return err(
      new NotFoundError({ what: 'control group', subject: lost, remedy: 'it was removed meanwhile; create it again' }),
    );
  }

  /** A snapshot in which something is missing for want of descriptors is none. */
  #whole(stats: GroupStats): Result<GroupStats, HacoError> {
    const failed = this.#readers.find((reader) => reader.failed !== undefined)?.failed;
    if (failed === undefined) return ok(stats);
    const { path, error } = failed;
    return err(failure({ step: `read ${path}`, path, args: JSON.stringify(path), error, syscall: 'openat' }));
  }

  /** A directory that was removed: asked only when a file said so, or when there never was anything to read. */
  #lost(): string | undefined {
    let found = false;
    let index = 0;
    for (const [at, reader] of this.#readers.entries()) {
      found ||= reader.found;
      if (reader.gone) index = at;
    }
    const isGone = this.#readers[index]?.gone === true;
    if (found && !isGone) return undefined;
    const path = this.#dirs[index]?.path;
    return path === undefined || existsSync(path) ? undefined : path;
  }

  /** Give the descriptors back; a later snapshot opens them again. */
  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** Close the files that are kept open. */
  [Symbol.dispose](): void {
    this.close();
  }
}
