/** Masks and OOM scores: which steps they are, and which values make no sense. */
import { describe, expect, test } from 'vitest';
import { storedHosts } from '@haco/testkit';
import { haco, orThrow, type Builder, type HostFacts } from '../index.js';

const stepsOf = (builder: Builder, host: HostFacts = storedHosts.v2) => orThrow(builder.explain({ host })).steps;
const stepOf = (builder: Builder, id: string, host?: HostFacts) =>
  stepsOf(builder, host).find((step) => step.id === id);
const problem = (builder: Builder): string => builder.spec()._unsafeUnwrapErr().message;
const command = haco().command('/bin/true');

describe('a mask', () => {
  test('is 022 unless another is asked for', () => {
    expect(stepOf(command, 'process.umask')).toMatchObject({ label: 'set the file mode mask to 022', from: 'process' });
    expect(stepOf(command.umask(0o077).umask(0o7), 'process.umask')).toMatchObject({
      label: 'set the file mode mask to 007',
      from: 'process.umask',
      operations: [{ args: [{ flags: ['007'], value: 7 }] }],
    });
  });

  test('has nine bits', () => {
    expect(problem(command.umask(0o1000))).toBe(
      'The spec is invalid: process.umask: 512 is not a mask; write 0 to 0o777, e.g. 0o077.',
    );
    expect(problem(command.umask(-1))).toContain('-1 is not a mask');
    expect(problem(command.umask(0.5))).toContain('0.5 is not a mask');
    expect(orThrow(command.umask(0o777).spec()).process.umask).toBe(0o777);
  });
});

describe('the OOM score', () => {
  const raised: HostFacts = { ...storedHosts.v2, oomScoreAdj: 200 };
  const id = 'process.oom-score';

  test('is reset where Node has another, as far as that is allowed', () => {
    expect(stepOf(command, id)).toBeUndefined();
    expect(stepOf(command, id, raised)).toMatchObject({ phase: 'identity', label: 'reset the OOM score' });
    expect(JSON.stringify(stepOf(command, id, raised))).toContain('tolerate');
  });

  test('that was asked for is written, or the start fails', () => {
    expect(stepOf(command.oomScoreAdj(200), id, raised)).toBeUndefined();
    const step = stepOf(command.oomScoreAdj(-500), id);
    expect(step).toMatchObject({
      label: 'set the OOM score adjustment to -500',
      needs: [{ capability: 'sys_resource', over: 'host' }],
      from: 'process.oomScoreAdj',
    });
    expect(JSON.stringify(step)).not.toContain('tolerate');
    expect(stepOf(command.oomScoreAdj(500), id)).not.toHaveProperty('needs');
  });

  test('is set before a user namespace takes the capability for it away, and the file', () => {
    const inside = command.unshare('user');
    expect(stepOf(inside.oomScoreAdj(-1), id)).toMatchObject({ phase: 'prepare' });
    expect(stepOf(inside.oomScoreAdj(1), id)).toMatchObject({ phase: 'prepare' });
  });

  test('goes from -1000 to 1000', () => {
    expect(problem(command.oomScoreAdj(1001))).toBe(
      'The spec is invalid: process.oomScoreAdj: 1001 is not an adjustment; write -1000 to 1000.',
    );
    expect(problem(command.oomScoreAdj('1' as never))).toContain('1 is not an adjustment');
  });
});
