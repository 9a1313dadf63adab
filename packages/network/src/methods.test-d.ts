/** What compiles of the network's verbs. */
import { bridge, cni, haco, pasta } from '@haco/core';
import { expectTypeOf, test } from 'vitest';

test('a network of its own brings its net namespace', () => {
  haco().network('none').persist('net', '/run/netns/blue');
  haco()
    .network(bridge())
    .publish(8080, 80)
    .dns({ servers: ['192.0.2.53'] });
  haco()
    .network(cni({ network: 'podnet' }))
    .publish(53, 53, { protocol: 'udp' });
  haco().unshare('user').network(pasta()).publish(8080);
  haco().network({ join: 'blue' }).name('x');
  const base = haco().network('bridge');
  expectTypeOf(base.publish(80)).toEqualTypeOf(base);
});

test('the network of the host has no ports to publish', () => {
  // @ts-expect-error: network("host") adds no namespace.
  haco().network('host').publish(80);
  // @ts-expect-error: nothing was connected.
  haco().publish(80);
  // @ts-expect-error: no such mode.
  haco().network('wifi');
  // @ts-expect-error: sctp isn't published.
  haco().network('bridge').publish(80, 80, { protocol: 'sctp' });
});
