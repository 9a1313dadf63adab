/** The guide for ordinary users quotes refusals; each is compared with what a host that refuses so is told. */
import { readFileSync } from 'node:fs';
import type { HostFacts } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { expect, test } from 'vitest';
import { haco, orThrow, type Builder } from './index.js';

const guide = readFileSync(new URL('../../../docs/guides/rootless.md', import.meta.url), 'utf8');

const user: HostFacts = storedHosts.rootless;
const withNamespaces = (facts: Partial<HostFacts['userNamespaces']>): HostFacts => ({
  ...user,
  userNamespaces: { ...user.userNamespaces, ...facts },
});
const v1 = { mountPoint: '/sys/fs/cgroup/cpu', ownGroup: '/', writable: false };

const inNamespace = haco().unshare('user');
const range = [{ inside: 0, outside: 100_000, count: 65_536 }];
const mapped = inNamespace.mapUsers(range).mapGroups(range);
const granted = { subuid: [{ start: 100_000, count: 65_536 }], subgid: [{ start: 100_000, count: 65_536 }] };

test.each<[what: string, builder: Builder, host: HostFacts]>([
  ['no root', haco().unshare('pid'), user],
  ['the limit of user namespaces', inNamespace, withNamespaces({ max: 0 })],
  ["Debian's switch", inNamespace, withNamespaces({ unprivilegedDisabled: true })],
  ["AppArmor's switch", inNamespace, withNamespaces({ apparmorRestricted: true })],
  ['a map of ids of others', mapped, withNamespaces({ subuid: [], subgid: [] })],
  ['no newuidmap', mapped, withNamespaces({ ...granted, newidmap: false })],
  ['newuidmap on nosuid', mapped, withNamespaces({ ...granted, newidmapNosuid: '/usr/bin' })],
  ['no_new_privs', mapped, { ...withNamespaces(granted), noNewPrivileges: true }],
  ['a user that is not in the map', inNamespace.user(1000, 1000), user],
  ['another user', haco().user(5, 5), user],
  [
    'a masked /proc',
    inNamespace.unshare('mount', 'pid').chroot('/').independent('procfs'),
    { ...user, covered: { procfs: ['/proc/bus', ...Array.from({ length: 11 }, () => '/proc/fs')] } },
  ],
  ['a limit on v1', haco().cpu(50), { ...user, cgroups: { mode: 'v1', v1: { cpu: v1 } } }],
])('the guide says what %s is told', (_what, builder, host) => {
  const { warnings } = orThrow(builder.command('/bin/true').explain({ host }));
  expect(warnings.map(({ message }) => message)).not.toEqual([]);
  for (const { message } of warnings) expect(guide).toContain(message);
});

test('the guide says what is told of a group that is not delegated, and of a call that is hidden', () => {
  const { v2 } = user.cgroups;
  if (v2 === undefined) throw new Error('the stored host has no v2');
  const undelegated = { ...user, cgroups: { ...user.cgroups, v2: { ...v2, writable: false } } };
  const hidden = { ...user, features: { ...user.features, clone3: false } };
  const told = [haco().memory('64MiB').explain({ host: undelegated }), inNamespace.explain({ host: hidden })].map(
    (plan) => orThrow(plan).warnings[0]?.message ?? '',
  );
  expect(told.map((message) => message.replace(/^.*?(which isn't|from this process)/, '$1'))).toEqual([
    expect.stringMatching(/^which isn't delegated/),
    expect.stringMatching(/^from this process/),
  ]);
  for (const message of told) expect(guide).toContain(message.replace(/^.*?(which isn't|from this process)/, '$1'));
});
