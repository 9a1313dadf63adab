/** CNI configurations, and what plugins are told. */
import { expect, test } from 'vitest';
import { pluginConfigs, portMappings } from './chain.js';
import { parseConfig } from './config.js';

test('a list and a single plugin are read', () => {
  const list = parseConfig(
    'x.conflist',
    '{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge"},{"type":"portmap"}]}',
  );
  expect(list._unsafeUnwrap().plugins.map(({ type }) => type)).toEqual(['bridge', 'portmap']);
  const single = parseConfig('x.conf', '{"cniVersion":"0.4.0","name":"n","type":"ptp"}')._unsafeUnwrap();
  expect([single.cniVersion, single.plugins[0]?.type]).toEqual(['0.4.0', 'ptp']);
});

test.each([
  ['{', 'Could not use the CNI configuration "x"; it is no JSON: '],
  ['[]', 'Could not use the CNI configuration "x"; it must be an object.'],
  [
    '{"type":"x"}',
    'Could not use the CNI configuration "x"; its "name" must be 1 or more of A-Z a-z 0-9 _ . - and begin with a letter or digit.',
  ],
  [
    '{"name":"n","plugins":[]}',
    'Could not use the CNI configuration "x"; its "plugins" must be a list of at least one plugin.',
  ],
  [
    '{"name":"n","plugins":[{"type":"../../bin/sh"}]}',
    'Could not use the CNI configuration "x"; plugins[0] must have a "type", the name of a program.',
  ],
])('%s is refused', (text, message) => expect(parseConfig('x', text)._unsafeUnwrapErr().message).toContain(message));

test('only who has the capability is told of ports', () => {
  const config = parseConfig(
    'x',
    '{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge"},{"type":"portmap","capabilities":{"portMappings":true}}]}',
  )._unsafeUnwrap();
  const ports = portMappings([{ hostPort: 8080, containerPort: 80, protocol: 'tcp', address: '192.0.2.1' }]);
  expect(pluginConfigs(config, { portMappings: ports })).toEqual([
    { type: 'bridge', name: 'n', cniVersion: '1.0.0' },
    {
      type: 'portmap',
      name: 'n',
      cniVersion: '1.0.0',
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '192.0.2.1' }] },
    },
  ]);
});
