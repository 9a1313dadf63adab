/** Three containers on a bridge at once; prints their addresses while all of them run, unless two are alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bridge, haco, orThrow } from '@haco/core';
import { readNetworks } from './network-of.js';

const mode = bridge({ subnets: ['10.213.0.0/16', 'fd00:213::/64'], forwarding: 'enable' });
const starts = Array.from({ length: 3 }, () => haco().network(mode).command('sleep', '1000').start());
const containers = await Promise.all(starts.map((start) => orThrow(start)));
// The others have their turn as well: only then there is something to be wrong.
await sleep(1000);
const all = orThrow(readNetworks()).flatMap(({ addresses }) => addresses);
if (new Set(all).size !== all.length) throw new Error(`twice the same: ${all.join(' ')}`);
const own = orThrow(readNetworks()).filter(({ pid }) => containers.some((container) => container.pid === pid));
for (const container of containers) {
  orThrow(container.kill());
  await orThrow(container.wait());
}
console.log(JSON.stringify(own.map(({ addresses }) => addresses[0])));
