/** Two containers on a bridge: they find each other by name, and what Node does for that is part of the plan. */
import { bridge, haco, networkOf, orThrow } from '@haco/core';

// No way out and none in, so that nothing of this host has to be changed for an example.
const base = haco()
  .unshare('mount')
  .network(bridge({ name: 'haco-example', subnets: ['10.213.213.0/24'], internal: true }));

const answer = `require('node:net').createServer((socket) => socket.end('hello ' + socket.remoteAddress))
  .listen(80, '0.0.0.0', () => console.log('ready'))`;
const web = await orThrow(base.name('web').command(process.execPath, '-e', answer).start());
for await (const _ready of web.stdout ?? []) break;
const { addresses } = orThrow(networkOf(web));
console.log(`web has ${addresses.join(', ')}`);

const question = `require('node:net').connect(80, 'web').pipe(process.stdout)`;
const client = base.name('client').command(process.execPath, '-e', question);
console.log((await orThrow(client.run())).stdout);

const attach = orThrow(client.explain()).steps.find(({ id }) => id === 'network.attach');
console.log(attach?.label);

orThrow(web.kill());
await orThrow(web.wait());
