/** Groups at the very path that an engine has chosen. */
import { noFacts } from '@haco/plan';
import { expect, test } from 'vitest';
import { hostWith, hybridHost, v2With } from './fixture.js';
import { cgroups } from './part.js';
import { validateSection } from './validate.js';

const facts = { ...noFacts, name: 'x' };
const plan = (section: object, host = hybridHost) => cgroups.plan(section, { host, facts });
const pathsOf = (section: object, name: string, host = hybridHost) =>
  plan(section, host).flatMap(({ operations }) =>
    operations.flatMap((operation) =>
      operation.op === 'syscall' && operation.name === name ? [operation.args[1]] : [],
    ),
  );

test("the group is made in every hierarchy, with those above it, and is nobody else's", () => {
  const steps = plan({ path: '/docker/4f1c' });
  expect(steps.filter(({ phase }) => phase === 'prepare').map(({ id }) => id)).toEqual([
    'cgroups.create.cpu',
    'cgroups.create.cpuset',
    'cgroups.create.memory',
    'cgroups.create.pids',
    'cgroups.create.v2',
  ]);
  const made = steps[0]?.operations.filter((operation) => operation.op === 'syscall' && operation.name === 'mkdirat');
  expect(made).toMatchObject([
    { args: [{ slot: 'cgroups.base.cpu' }, 'docker', {}], tolerate: ['EEXIST'] },
    { args: [{ slot: 'cgroups.base.cpu' }, 'docker/4f1c', {}] },
  ]);
  expect(made?.[1]).not.toHaveProperty('tolerate');
});

test('only the last group of the path goes with the container', () => {
  const gone = pathsOf({ path: '/docker/4f1c' }, 'unlinkat');
  expect(new Set(gone)).toEqual(new Set(['../4f1c']));
});

test('a cpuset of v1 that is empty gets what the one above has, all the way down', () => {
  const opened = pathsOf({ path: '/a/b' }, 'openat').filter((path) => String(path).includes('cpuset.cpus'));
  expect(opened).toEqual(['a/cpuset.cpus', 'cpuset.cpus', 'a/b/cpuset.cpus', 'a/cpuset.cpus']);
});

test('on v2 limits are handed down through every group above', () => {
  const host = hostWith(v2With({ controllers: ['memory', 'pids'], subtreeControl: ['memory', 'pids'] }));
  const opened = pathsOf({ path: '/a/b', memory: 2 ** 20 }, 'openat', host);
  expect(opened).toEqual(expect.arrayContaining(['cgroup.subtree_control', 'a/cgroup.subtree_control', 'memory.max']));
  expect(opened).not.toContain('a/b/cgroup.subtree_control');
});

test('an ordinary user changes nothing above the own group, and hands down from there', () => {
  const v2 = v2With({ controllers: ['memory'], subtreeControl: ['memory'], ownGroup: '/user/own' });
  const host = { ...hostWith(v2), euid: 1000 };
  const opened = pathsOf({ path: '/user/own/x', memory: 2 ** 20 }, 'openat', host);
  expect(opened.filter((path) => String(path).endsWith('subtree_control'))).toContain(
    'user/own/cgroup.subtree_control',
  );
  expect(opened).not.toContain('user/cgroup.subtree_control');
  expect(opened).not.toContain('cgroup.subtree_control');
});

test.each(['a', '/', '', '/a/../b', '/a//b', '/a/', '/a/cgroup.procs', '/a\nb'])('%j is no path of a group', (path) => {
  expect(validateSection({ path }, { facts })).toHaveLength(1);
});

test('a path and a parent contradict each other', () => {
  expect(validateSection({ path: '/a', parent: 'b' }, { facts })).toEqual([
    { path: 'cgroups.path', message: 'leave out one of path and parent' },
  ]);
});
