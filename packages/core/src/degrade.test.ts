/** Limits that may be left out, as a person who asks for the plan sees them. */
import { storedHosts } from '@haco/testkit';
import { expect, test } from 'vitest';
import { haco, orThrow, type HostFacts } from './index.js';

const nothing: HostFacts = { ...storedHosts.v2, cgroups: { mode: 'none', v1: {} } };

test('what a host lacks is a warning, unless it may be left out', () => {
  const strict = orThrow(haco().pids(5).command('/bin/true').explain({ host: nothing }));
  expect(strict.warnings.map(({ kind }) => kind)).toEqual(['unsupported']);
  const lax = orThrow(haco().pids(5, { degrade: true }).command('/bin/true').explain({ host: nothing }));
  expect(lax.warnings).toEqual([]);
  expect(lax.degradations).toEqual({ pids: 'refused' });
  expect(String(lax)).toContain('Not in force as asked, which degrade allows:\n  - pids: refused\n');
});

test.each([
  ['unshare("time")', 'namespaces.clone', haco().unshare('time').timeOffsets({ boottimeMs: 1000 })],
  ['enter("time", …)', 'namespaces.enter.time', haco().enter('time', { path: '/run/time' })],
])('a kernel without time namespaces: %s is unsupported', async (verb, step, builder) => {
  const { features } = storedHosts.v2;
  const without: HostFacts = { ...storedHosts.v2, features: { ...features, time_namespace: false } };
  const command = builder.command('/bin/true');
  expect(orThrow(command.explain({ host: storedHosts.v2 })).warnings).toEqual([]);
  const plan = orThrow(command.explain({ host: without }));
  expect(plan.warnings).toEqual([
    {
      step,
      kind: 'unsupported',
      message: `This kernel has no time namespaces (Linux 5.6, CONFIG_TIME_NS); leave out ${verb}, or check with "ls /proc/self/ns/time".`,
    },
  ]);
  expect(plan.steps.map(({ id }) => id)).toContain(step);
});

test('a kernel without user namespaces says so, and how to see it', () => {
  const { features } = storedHosts.v2;
  const without: HostFacts = { ...storedHosts.v2, features: { ...features, user_namespace: false } };
  const builder = haco().unshare('user').command('/bin/true');
  expect(orThrow(builder.explain({ host: storedHosts.v2 })).warnings).toEqual([]);
  expect(orThrow(builder.explain({ host: without })).warnings).toEqual([
    {
      step: 'namespaces.clone',
      kind: 'unsupported',
      message:
        'This kernel has no user namespaces (CONFIG_USER_NS); leave out unshare("user"), or check with "ls /proc/self/ns/user".',
    },
  ]);
});

test('a weaker form is in the plan, and said', () => {
  const plan = orThrow(
    haco()
      .resources({ memory: { high: '1MiB' } }, { degrade: true })
      .command('/bin/true')
      .explain({ host: storedHosts.v1 }),
  );
  expect(plan.degradations).toEqual({ 'memory.high': 'degraded' });
  expect(String(plan)).toMatch(/write "1048576" to memory.soft_limit_in_bytes/);
});

test('a plan in which nothing is left out says nothing of it', () => {
  const plan = orThrow(haco().pids(5, { degrade: true }).command('/bin/true').explain({ host: storedHosts.v2 }));
  expect(plan.degradations).toBeUndefined();
  expect(String(plan)).not.toContain('degrade');
});

test('devices by path stay as they are in plans for other hosts', () => {
  const limits = { io: { devices: [{ device: '/dev/no-such-disk', readBps: '1MiB' }] } };
  const plan = orThrow(haco().resources(limits).command('/bin/true').explain({ host: storedHosts.v2 }));
  expect(String(plan)).toContain('write "/dev/no-such-disk rbps=1048576" to io.max');
});
