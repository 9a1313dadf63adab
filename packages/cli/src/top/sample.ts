/** What containers use, as rates between two looks at them. */
import { containers, type ContainerState, type HacoError, type ManagedContainer, type ResultAsync } from '@haco/core';
import { ok, type Result } from 'neverthrow';
import type { CommandError } from '../command-line/command.js';
import { findContainers } from '../registry/target.js';
import { processesOf, type ProcessUsage } from './processes.js';

type Stats = ReturnType<ManagedContainer['stats']> extends ResultAsync<infer S, HacoError> ? S : never;

/** One look at one container. */
export interface Look {
  readonly name: string;
  readonly state: ContainerState;
  /** Missing where it has no cgroup, or none any more. */
  readonly stats: Stats | undefined;
  /** For what its cgroup doesn't count. */
  readonly processes: ProcessUsage | undefined;
}

/** All looks of one moment, by name. */
export type Sample = ReadonlyMap<string, Look>;

/** A line of the table; what isn't known is undefined. */
export interface Usage {
  readonly name: string;
  readonly status: string;
  readonly pid: number | undefined;
  /** Of one CPU. */
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly memoryMaxBytes: number | undefined;
  readonly pids: number | undefined;
  readonly pidsMax: number | undefined;
  readonly readBytesPerSecond: number | undefined;
  readonly writeBytesPerSecond: number | undefined;
  /** Share of the last 10 s in which something of it had to wait, in percent. */
  readonly pressure: {
    readonly cpu: number | undefined;
    readonly memory: number | undefined;
    readonly io: number | undefined;
  };
  /** Since its command was begun. */
  readonly upMs: number | undefined;
}

/** Look at the containers that words mean, or at all that run. */
export async function takeSample(wanted: readonly string[]): Promise<Result<Sample, CommandError>> {
  const found: Result<readonly ManagedContainer[], CommandError> =
    wanted.length > 0 ? await findContainers(wanted) : await containers().list();
  if (found.isErr()) return found.map(() => new Map());
  const looks = await Promise.all(
    found.value.map(async (container): Promise<Look | undefined> => {
      const state = await container.state();
      if (state.isErr() || (wanted.length === 0 && state.value.status === 'stopped')) return undefined;
      const stats = state.value.pid === null ? undefined : (await container.stats()).unwrapOr(undefined);
      return { name: container.name, state: state.value, stats, processes: processesOf(state.value) };
    }),
  );
  return ok(new Map(looks.flatMap((look) => (look === undefined ? [] : [[look.name, look] as const]))));
}

const limitOf = (limit: number | 'max' | undefined): number | undefined =>
  typeof limit === 'number' ? limit : undefined;

/** What grew per second since the look before. */
function rate(now: number | undefined, before: number | undefined, ms: number): number | undefined {
  return now === undefined || before === undefined || ms <= 0 ? undefined : (Math.max(0, now - before) * 1000) / ms;
}

/** What was used between two samples. */
export function usageBetween(before: Sample, now: Sample): readonly Usage[] {
  return [...now.values()].map(({ name, state, stats, processes }) => {
    const known = before.get(name);
    // Another container may have the name now: its counters began anew.
    const earlier = known?.state.startTime === state.startTime ? known : undefined;
    const last = earlier?.stats;
    const ms = (stats?.atMs ?? 0) - (last?.atMs ?? 0);
    const perSecond =
      rate(stats?.cpu?.usageMs, last?.cpu?.usageMs, ms) ??
      rate(processes?.cpuMs, earlier?.processes?.cpuMs, (processes?.atMs ?? 0) - (earlier?.processes?.atMs ?? 0));
    const { pressure } = stats ?? {};
    return {
      name,
      status: state.status,
      pid: state.pid ?? undefined,
      cpuPercent: perSecond === undefined ? undefined : perSecond / 10,
      memoryBytes: stats?.memory?.currentBytes ?? processes?.memoryBytes,
      memoryMaxBytes: limitOf(stats?.memory?.maxBytes),
      pids: stats?.pids?.current ?? processes?.count,
      pidsMax: limitOf(stats?.pids?.max),
      readBytesPerSecond: rate(stats?.io?.readBytes, last?.io?.readBytes, ms),
      writeBytesPerSecond: rate(stats?.io?.writeBytes, last?.io?.writeBytes, ms),
      pressure: { cpu: pressure?.cpu?.some.avg10, memory: pressure?.memory?.some.avg10, io: pressure?.io?.some.avg10 },
      upMs: state.startedAt === null || state.pid === null ? undefined : Date.now() - Date.parse(state.startedAt),
    };
  });
}
