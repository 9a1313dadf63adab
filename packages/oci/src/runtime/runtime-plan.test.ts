/** What the runtime makes of a plan, step by step. */
import { orThrow, renderOperation } from '@haco/core';
import { storedHosts } from '@haco/testkit';
import { expect, test } from 'vitest';
import { plainConfig } from '../fixture.js';
import { fromConfig } from '../index.js';
import { shapePlan } from './runtime-plan.js';

const steps = (changes: object = {}) => {
  const builder = orThrow(fromConfig({ ...plainConfig(), ...changes }, { stubs: true }));
  return orThrow(builder.explain({ host: storedHosts.hybrid })).steps;
};
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);

test('a container that waits listens first, tells that it is complete, and waits right before its filters and its command', () => {
  const shaped = ids(shapePlan(steps(), { waitsIn: '/run/haco-oci/x', created: true }));
  expect(shaped[0]).toBe('oci.start-socket');
  expect(shaped.slice(shaped.indexOf('oci.look'))).toEqual(['oci.look', 'oci.created', 'oci.wait', 'process.exec']);
});

test('one that runs at once closes what it has open as every container does', () => {
  const shaped = ids(shapePlan(steps(), { created: true }));
  expect(shaped.slice(shaped.indexOf('oci.look'))).toEqual([
    'oci.look',
    'oci.created',
    'process.close',
    'process.exec',
  ]);
});

test('descriptors that are handed on come to their numbers before all others are closed', () => {
  const calls = (shape: Parameters<typeof shapePlan>[1], id: string) =>
    shapePlan(steps(), shape)
      .find((step) => step.id === id)
      ?.operations.map(renderOperation);
  const moved = [
    'fcntl(3, F_DUPFD_CLOEXEC, 24) = <oci.seen>',
    'dup3(<preserved.0>, 3, 0)',
    'dup3(<preserved.1>, 4, 0)',
    'dup3(<oci.seen>, 5, O_CLOEXEC)',
  ];
  expect(calls({ preserved: 2 }, 'process.close')).toEqual([...moved, 'close_range(6, UINT_MAX, 0)']);
  expect(calls({ preserved: 2, waitsIn: '/run/x' }, 'oci.wait')?.slice(0, 7)).toEqual([
    ...moved,
    'dup3(<oci.listening>, 6, O_CLOEXEC)',
    'dup3(<oci.plan>, 7, O_CLOEXEC)',
    'close_range(8, UINT_MAX, 0)',
  ]);
});

test('hooks come when all is mounted and nothing entered, and find the root at its own place', () => {
  const shaped = shapePlan(steps({ root: { path: '/srv/root', readonly: true } }), { hooksSee: '/srv/root' });
  const at = ids(shaped).indexOf('oci.hooks');
  expect(ids(shaped).slice(at)).toEqual(expect.arrayContaining(['mounts.readonly', 'mounts.enter']));
  expect(shaped.slice(0, at).filter(({ id }) => id.startsWith('mounts.filesystem')).length).toBeGreaterThan(0);
  const root = shaped.find(({ id }) => id === 'mounts.root')?.operations.map(renderOperation);
  expect(root?.at(-1)).toBe('move_mount(<root>, "", AT_FDCWD, "/srv/root", MOVE_MOUNT_F_EMPTY_PATH)');
});

test('nothing binds it to Node, and a hostname that nobody asked for is not set', () => {
  const { hostname: _, ...config } = plainConfig();
  const builder = orThrow(fromConfig(config, { stubs: true }));
  const given = orThrow(builder.explain({ host: storedHosts.hybrid })).steps;
  expect(ids(given)).toEqual(expect.arrayContaining(['process.bind-to-node', 'namespaces.hostname']));
  const shaped = ids(shapePlan(given, {}));
  expect(shaped).not.toContain('process.bind-to-node');
  expect(shaped).not.toContain('namespaces.hostname');
});

test('its groups are removed only when the start fails', () => {
  const linux = { ...(plainConfig().linux as object), cgroupsPath: '/docker/x' };
  const undo = shapePlan(steps({ linux }), {}).filter(({ phase }) => phase === 'undo');
  expect(undo.length).toBeGreaterThan(0);
  expect(undo.every(({ onlyAfterFailure }) => onlyAfterFailure === true)).toBe(true);
});

test('a working directory that may be missing is made while the root can be changed', () => {
  const shaped = ids(shapePlan(steps({ root: { path: '/srv/root', readonly: true } }), { workdir: '/made/here' }));
  expect(shaped.slice(shaped.indexOf('oci.workdir')).slice(0, 3)).toEqual([
    'oci.workdir',
    'mounts.readonly',
    'mounts.enter',
  ]);
  expect(ids(shapePlan(steps(), { workdir: '/' }))).not.toContain('oci.workdir');
  expect(ids(shapePlan(steps(), { workdir: '/a/../b' }))).not.toContain('oci.workdir');
});

test('a root that is shared, or that nobody may bind, becomes so after it is entered', () => {
  const shaped = shapePlan(steps(), { propagation: 'rshared' });
  const at = shaped.findIndex(({ id }) => id === 'oci.propagation');
  expect(shaped[at - 1]?.id).toBe('mounts.enter');
  expect(shaped[at]?.label).toBe('make the root rshared');
  expect(ids(shapePlan(steps(), { propagation: 'rprivate' }))).not.toContain('oci.propagation');
});
