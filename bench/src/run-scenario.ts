/** Runs a scenario in a Node of its own, without a transpiler in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ScenarioName } from './options.js';
import type { Results } from './results.js';
import type { ScenarioInput } from './scenarios/scenario.js';

/**
 * crun 1.8 refuses to start on a host with both cgroup versions, whatever it is told: the measuring process sees none of the
 * second one there, in a mount namespace of its own.
 */
const withoutHybrid = 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec "$@"';

/** For leaks, the young generation has its full size from the start: V8 makes it larger by itself after some thousand runs. */
const heapFlags: Partial<Record<ScenarioName, readonly string[]>> = {
  held: ['--max-old-space-size=8192'],
  leaks: ['--min-semi-space-size=16', '--max-semi-space-size=16'],
};

export interface RunOptions {
  /** The built src/worker.ts. */
  readonly worker: string;
  readonly realtime: boolean;
}

export async function runScenario<Name extends ScenarioName>(
  name: Name,
  input: ScenarioInput,
  { worker, realtime }: RunOptions,
): Promise<NonNullable<Results[Name]>> {
  const flags = ['--expose-gc', ...(heapFlags[name] ?? [])];
  const command = [
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', withoutHybrid, 'sh'],
    ...(realtime ? ['chrt', '--rr', '5'] : []),
    ...[process.execPath, ...flags, worker, name, JSON.stringify(input)],
  ];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the scenario ${name} ended with code ${String(code)}`);
  return JSON.parse(Buffer.concat(chunks).toString()) as NonNullable<Results[Name]>;
}
