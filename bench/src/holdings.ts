/** What this process has open and has made, counted. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { closeForkServer } from '@haco/sys';
import type { Holdings } from './results.js';

const entries = (path: string): readonly string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

function children(): readonly string[] {
  const lists = entries('/proc/self/task').map((task) => text(`/proc/self/task/${task}/children`));
  return lists.flatMap((list) => list.split(' ')).filter((pid) => pid.trim() !== '');
}

function countZombies(): number {
  return children().filter((pid) => /\) Z /.test(text(`/proc/${pid}/stat`))).length;
}

/** The processes of a fork server that was closed, and the descriptor with their pids, go when the kernel has ended them. */
async function forkServerEnded(): Promise<void> {
  const deadline = performance.now() + 5000;
  const lives = (): boolean => children().some((pid) => text(`/proc/${pid}/comm`) === 'haco-init\n');
  while (lives() && performance.now() < deadline) await setTimeout(10);
}

/** Groups of this process's containers, in every hierarchy: their names begin with haco's prefix. */
function countCgroups(directory = '/sys/fs/cgroup', depth = 0): number {
  if (depth > 6) return 0;
  let count = 0;
  for (const name of entries(directory)) {
    const path = join(directory, name);
    if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) continue;
    count += (name.startsWith('haco-') ? 1 : 0) + countCgroups(path, depth + 1);
  }
  return count;
}

async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await setTimeout(20);
  }
}

/** Resident memory in MiB, and nothing else: to count the rest leaves garbage enough to move V8's limits. */
export async function readResidentMiB(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage.rss() / 1024 ** 2;
}

/** Count, after the collector has run and the kernel has had a moment. */
export async function readHoldings(): Promise<Holdings> {
  // What a series of starts keeps ends a second after it; then it is no leak, and comes and goes by one or two.
  closeForkServer();
  await forkServerEnded();
  await collectGarbage();
  return {
    descriptors: entries('/proc/self/fd').length,
    threads: entries('/proc/self/task').length,
    zombies: countZombies(),
    mounts: text('/proc/self/mountinfo').split('\n').length - 1,
    cgroups: countCgroups(),
    rssMiB: process.memoryUsage.rss() / 1024 ** 2,
    heapMiB: process.memoryUsage().heapUsed / 1024 ** 2,
  };
}
