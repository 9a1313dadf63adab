/** What a changed definition changes at once, and what it doesn't. */
import { expect, test } from 'vitest';
import { haco, type Builder } from '../index.js';
import { jsonOf } from './describe-request.js';
import { planReload } from './reload-plan.js';

const plan = (before: Builder, now: Builder) =>
  planReload(jsonOf(before.spec()._unsafeUnwrap()), jsonOf(now.spec()._unsafeUnwrap()));
const base = haco().name('web').cpu(50).memory('64MiB').rlimit('nofile', 64).command('server');

test('nothing changed: nothing is done', () => {
  expect(plan(base, base)).toEqual({ update: {}, live: [], needsRestart: [] });
});

test('limits change at once, and only those that differ', () => {
  expect(plan(base, base.cpu(20).rlimit('nofile', 128))).toEqual({
    update: { cpu: 20, rlimits: { nofile: { soft: 128, hard: 128 } } },
    live: ['cgroups.cpu', 'rlimits.nofile'],
    needsRestart: [],
  });
});

test('a limit that is new comes at once, too', () => {
  expect(plan(base, base.pids(10)).update).toEqual({ pids: 10 });
});

test('how it is looked after changes at once; where its output goes does not', () => {
  const { live, needsRestart } = plan(base, base.restart('always').metadata({ a: 'b' }).logs({ to: 'none' }));
  expect(live).toEqual(['identity.metadata', 'supervision.restart']);
  expect(needsRestart).toEqual(['supervision.logs']);
});

test('everything else waits for the next start', () => {
  const changed = base.command('other').unshare('pid').env({ A: 'b' });
  expect(plan(base, changed)).toEqual({
    update: {},
    live: [],
    needsRestart: ['namespaces.unshare', 'process.env', 'process.command'],
  });
});

test('a limit that is taken away waits for the next start', () => {
  const without = haco().name('web').cpu(50).command('server');
  expect(plan(base, without)).toEqual({ update: {}, live: [], needsRestart: ['cgroups.memory', 'rlimits.nofile'] });
});

test('limits of a container that has no cgroup wait, too', () => {
  expect(plan(haco().command('server'), haco().pids(3).command('server')).needsRestart).toEqual(['cgroups.pids']);
});
