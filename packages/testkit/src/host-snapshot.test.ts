/** Comparing two snapshots. */
import { expect, test } from 'vitest';
import { diffSnapshots, type HostItem } from './host-snapshot.js';

const snapshot = (...items: readonly HostItem[]) => new Map(items.map((item) => [`${item.kind} ${item.id}`, item]));

test('a difference has what came and what went', () => {
  const stays: HostItem = { kind: 'mount', id: '/proc' };
  const goes: HostItem = { kind: 'cgroup', id: '/a' };
  // The same name in another kind is another thing.
  const comes: HostItem = { kind: 'process', id: '/a' };
  expect(diffSnapshots(snapshot(stays, goes), snapshot(stays, comes))).toEqual({ added: [comes], removed: [goes] });
});
