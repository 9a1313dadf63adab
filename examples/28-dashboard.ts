/** A dashboard: what each container uses, read from its groups while it runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { haco, orThrow, type Container } from '@haco/core';

const scripts = {
  thinker: 'while :; do :; done',
  hoarder: 'head -c 24m /dev/zero > /tmp/hoard; sleep 60',
  crowd: 'for i in 1 2 3 4 5; do sleep 60 & done; wait',
};
const containers: Container[] = [];
for (const [name, script] of Object.entries(scripts)) {
  const limited = haco().name(name).unshare('pid', 'mount').tmpfs('/tmp').cpu(20).memory('64MiB').pids(16);
  // Counts CPU time also where cgroup v1 has that in a hierarchy of its own; on v2 there is nothing to do.
  containers.push(await orThrow(limited.cgroup('cpuacct.usage', 0).sh(script).start()));
}

const percent = new Map<string, number>();
for (let frame = 0; frame < 2; frame++) {
  const before = new Map(containers.map((container) => [container.name, orThrow(container.stats())]));
  await sleep(1000);
  for (const container of containers) {
    const now = orThrow(container.stats());
    const last = before.get(container.name);
    if (last === undefined) continue;
    const used = (now.cpu?.usageMs ?? 0) - (last.cpu?.usageMs ?? 0);
    percent.set(container.name, (used / (now.atMs - last.atMs)) * 100);
  }
}

const bar = (share: number): string => '#'.repeat(Math.round(Math.min(share, 1) * 10)).padEnd(10, '.');
console.log('NAME      CPU (of 20 %)  MEMORY (of 64 MiB)  PROCESSES (of 16)');
for (const container of containers) {
  const { memory, pids } = orThrow(container.stats());
  const cpuShare = (percent.get(container.name) ?? 0) / 20;
  const memoryShare = (memory?.currentBytes ?? 0) / 2 ** 26;
  console.log(
    `${container.name.padEnd(9)} ${bar(cpuShare)}     ${bar(memoryShare)}          ${String(pids?.current ?? 0)}`,
  );
}

for (const container of containers) await container[Symbol.asyncDispose]();
