/** Processes that were sent into a container, from the moment they are asked for to their end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launch } from '@haco/sys';

/** Those of one container. */
export class SentProcesses {
  private readonly launches = new Set<Launch>();

  add(launch: Launch): void {
    this.launches.add(launch);
    const over = (): void => void this.launches.delete(launch);
    void launch.ended.then(over);
    void launch.started.then((started) => started.isErr() && over());
  }

  /** Their pids, as this process sees them. */
  pids(): readonly number[] {
    return [...this.launches].map((launch) => launch.pid()).filter((pid) => pid > 0);
  }

  /** Wait until each that was asked for exists, or never will: from then on `pids()` has all. */
  async settle(): Promise<void> {
    while ([...this.launches].some((launch) => launch.pid() <= 0)) await sleep(1);
  }
}
