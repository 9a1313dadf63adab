/**
 * Starts containers that pasta or slirp4netns connects, in a net namespace that a test has made; prints what happened as JSON. With
 * `stay`, it says `ready` and waits to be killed.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { haco, networkOf, orThrow, pasta, slirp } from '@haco/core';
import { readNetworks } from './network-of.js';
import { ask, clientScript, serverScript, world } from './test-net.js';

const [kind = 'pasta', what] = process.argv.slice(2);
const mode = kind === 'pasta' ? pasta() : slirp();
const node = process.execPath;

const base = haco().unshare('user', 'mount').network(mode);
const web = await orThrow(
  base.name('web').publish(0, 80, { address: '127.0.0.1' }).command(node, '-e', serverScript(80)).start(),
);
await once(web.stdout as NodeJS.ReadableStream, 'data');
const { ports, kind: program } = orThrow(networkOf(web));

if (what === 'stay') {
  console.log('ready');
  orThrow(await web.wait());
}

const published = await ask('127.0.0.1', ports[0]?.hostPort ?? 0);
const out = await orThrow(web.exec(node, '-e', clientScript(world.v4, 90)));
const loopback = await orThrow(web.exec(node, '-e', clientScript(kind === 'pasta' ? world.host4 : '10.0.2.2', 91)));
const resolver = await orThrow(web.exec('cat', '/etc/resolv.conf'));
const taken = await base
  .publish(ports[0]?.hostPort ?? 0, 80, { address: '127.0.0.1' })
  .command('true')
  .run();
const low = await base.publish(80).command('true').run();
orThrow(web.kill());
await orThrow(web.wait());
const again = await ask('127.0.0.1', ports[0]?.hostPort ?? 0);
console.log(
  JSON.stringify({
    program,
    published,
    out: out.stdout.trim(),
    loopback: loopback.stdout.trim(),
    resolver: resolver.stdout.split('\n')[1],
    taken: taken._unsafeUnwrapErr().message.replace(/\d{4,5}/g, 'PORT'),
    low: low._unsafeUnwrapErr().message,
    again,
    left: orThrow(readNetworks()).length,
    files: existsSync(`${process.env['XDG_RUNTIME_DIR'] ?? ''}/haco-networks/etc/web`),
  }),
);
