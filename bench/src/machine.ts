/** On what it was measured, without saying where. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly kernel: string;
  readonly architecture: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  /** Load average of the last minute, before the first measurement. */
  readonly load: number;
  readonly cgroups: string;
  /** Whether the measuring processes ran before all others. */
  readonly realtime: boolean;
}

function cgroupMode(): string {
  const types = new Set(
    readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[2])
      .filter((type) => type === 'cgroup' || type === 'cgroup2'),
  );
  return types.size === 2 ? 'hybrid' : types.has('cgroup2') ? 'v2' : types.has('cgroup') ? 'v1' : 'none';
}

export function readMachine(): Omit<Machine, 'realtime'> {
  return {
    kernel: release(),
    architecture: arch(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    load: loadavg()[0] ?? 0,
    cgroups: cgroupMode(),
  };
}

/** More running processes than this before the start, and the figures are worth little. */
export function isBusy({ load, cores }: Machine): boolean {
  return load > cores / 4;
}
