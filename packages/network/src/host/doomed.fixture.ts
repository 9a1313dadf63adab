/** A Node process with a container on a bridge, to be killed. */
import { once } from 'node:events';
import { bridge, haco, orThrow } from '@haco/core';
import { serverScript } from './test-net.js';

const mode = bridge({ subnets: ['10.213.0.0/16', 'fd00:213::/64'], forwarding: 'enable' });
const web = await orThrow(
  haco()
    .name('doomed')
    .unshare('mount')
    .network(mode)
    .publish(8080, 80)
    .command(process.execPath, '-e', serverScript(80))
    .start(),
);
await once(web.stdout as NodeJS.ReadableStream, 'data');
console.log('ready');
