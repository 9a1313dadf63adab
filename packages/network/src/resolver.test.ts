/** Files for names: read as resolv.conf(5) says, written so that nothing of the host's loopback is in them. */
import { expect, test } from 'vitest';
import { isReachable, mergeResolver, parseResolvConf, renderHosts, renderResolvConf } from './resolver.js';

const text = `# a comment
nameserver 127.0.0.53   ; systemd
nameserver 192.0.2.53
nameserver fe80::1%eth0
domain old.example
search example.org example.net
options ndots:2 edns0
options trust-ad
`;

test('a resolv.conf is read', () => {
  expect(parseResolvConf(text)).toEqual({
    servers: ['127.0.0.53', '192.0.2.53', 'fe80::1%eth0'],
    search: ['example.org', 'example.net'],
    options: ['ndots:2', 'edns0', 'trust-ad'],
  });
});

test('what is asked wins; of the host, only what can be reached is taken', () => {
  const host = parseResolvConf(text);
  expect(['127.0.0.53', '::1', 'fe80::1%eth0', '192.0.2.53', '2001:db8::1'].filter(isReachable)).toEqual([
    '192.0.2.53',
    '2001:db8::1',
  ]);
  expect(renderResolvConf(mergeResolver({ options: [] }, host))).toBe(
    '# made by haco for this container\nnameserver 192.0.2.53\nsearch example.org example.net\n',
  );
  expect(renderResolvConf(mergeResolver({ servers: ['198.51.100.1'], search: [] }, host))).toBe(
    '# made by haco for this container\nnameserver 198.51.100.1\noptions ndots:2 edns0 trust-ad\n',
  );
});

test('without any server, the file says what to do', () => {
  expect(renderResolvConf({ servers: [], search: [], options: [] })).toBe(
    '# made by haco for this container\n# no name server of the host can be reached from here; give some with dns({ servers })\n',
  );
});

test('hosts has all addresses of all names', () => {
  expect(renderHosts([{ name: 'web', addresses: ['10.213.0.2', 'fd00:213::2'] }])).toBe(
    '# made by haco for this container\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.213.0.2\tweb\nfd00:213::2\tweb\n',
  );
});
