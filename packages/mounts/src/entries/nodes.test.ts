/** Devices and links that an engine lists. */
import { noFacts } from '@haco/plan';
import { expect, test } from 'vitest';
import { rootHost, userHost } from '../fixture.js';
import { mounts } from '../part.js';
import type { MountsSection, NodesEntry } from '../section.js';

const nodes: NodesEntry = {
  kind: 'nodes',
  devices: [{ path: '/dev/net/tun', type: 'c', major: 10, minor: 200, mode: 0o600, uid: 5 }],
  links: [['/dev/fd', '/proc/self/fd']],
};
const section: MountsSection = { rootfs: { path: '/srv/root' }, stubs: true, entries: [nodes] };
const callsOf = (host = rootHost, unshared: readonly ('mount' | 'user')[] = ['mount']) =>
  mounts
    .plan(section, { host, facts: { ...noFacts, unshared, changesRoot: true } })
    .filter(({ id }) => id === 'mounts.nodes.0')
    .flatMap(({ operations }) =>
      operations.map((operation) =>
        operation.op === 'syscall' ? [operation.name, operation.args[1]] : [operation.op],
      ),
    );

test('directories are made and found one by one, within the root; then the device and its owner', () => {
  expect(callsOf()).toEqual([
    ['openat2', '/'],
    ['mkdirat', 'dev'],
    ['openat2', '/dev'],
    ['mkdirat', 'net'],
    ['openat2', '/dev/net'],
    ['mknodat', 'tun'],
    ['fchownat', 'tun'],
    ['openat2', '/'],
    ['mkdirat', 'dev'],
    ['openat2', '/dev'],
    ['symlinkat', { slot: 'mounts.nodes' }],
  ]);
});

test('in a user namespace the device of the host is bound', () => {
  const calls = callsOf(userHost, ['mount', 'user']);
  expect(calls).toContainEqual(['open_tree', '/dev/net/tun']);
  expect(calls).not.toContainEqual(['fchownat', 'tun']);
});

test('a number that no device has, and a way up, are problems', () => {
  const devices = [
    { path: '/dev/../x', type: 'c', major: 1, minor: 1 },
    { path: '/dev/x', type: 'b', major: 5000, minor: 1 },
    { path: '/dev/pipe', type: 'p', major: 0, minor: 0, mode: 0o20_0000 },
  ] as const;
  const facts = { ...noFacts, unshared: ['mount'] as const };
  const issues = mounts.validate({ ...section, entries: [{ kind: 'nodes', devices }] }, { facts });
  expect(issues.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'mounts.entries[0].devices[0].path: "/dev/../x" contains ".."; name the target itself',
    'mounts.entries[0].devices[1]: 5000:1 is no number of a device',
    'mounts.entries[0].devices[2].mode: 65536 is not a file mode; write e.g. 0o755',
  ]);
});
