import { err, ok } from 'neverthrow';
import { beforeAll, expect, it } from 'vitest';
import { HookError, syscall } from '@haco/plan';
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { clone, ended, exec, failed, step, warmUp } from '../fixtures/perform.js';

const at = (phase: 'prepare' | 'parent' | 'session', name: string) => step(phase, [{ op: 'barrier', name }], name);

describeWith(['root'], 'a barrier', () => {
  beforeAll(warmUp);

  it('stops the start until Node says go, in the order of the plan', async () => {
    const reached: string[] = [];
    const steps = [at('prepare', 'one'), clone(), at('parent', 'two'), at('session', 'three'), exec('/bin/true')];
    const { end } = await expectNothingLeft(() =>
      ended(steps, {
        onBarrier: async ({ name }, childPid) => {
          // Longer than anything else takes: what comes later would overtake, if it didn't wait.
          await new Promise((resolve) => setTimeout(resolve, 20));
          reached.push(`${name} ${childPid > 0 ? 'with' : 'without'} a child`);
          return ok(undefined);
        },
      }),
    );
    expect(end.exitCode).toBe(0);
    expect(reached).toEqual(['one without a child', 'two with a child', 'three with a child']);
  });

  it.each(['prepare', 'parent', 'session'] as const)(
    'in %s ends the start with the error that Node gives',
    async (phase) => {
      const error = new HookError({ hook: 'mine', cause: 'no' });
      const failure = await expectNothingLeft(() =>
        failed([clone(), at(phase, 'stop'), exec('/bin/true')], { onBarrier: () => Promise.resolve(err(error)) }),
      );
      expect(failure.error).toBe(error);
    },
  );

  it('undoes what was done before it, when Node says stop', async () => {
    const undone = step('undo', [syscall('getpid', [], { expect: -1 })]);
    const failure = await expectNothingLeft(() =>
      failed([clone(), at('parent', 'stop'), undone, exec('/bin/true')], {
        onBarrier: () => Promise.resolve(err(new HookError({ hook: 'mine', cause: 'no' }))),
      }),
    );
    expect(failure.error.kind).toBe('hook');
  });

  it('ends the start when the hook throws', async () => {
    const { error } = await expectNothingLeft(() =>
      failed([clone(), at('session', 'throws'), exec('/bin/true')], {
        onBarrier: () => Promise.reject(new Error('oops')),
      }),
    );
    expect(error).toMatchObject({ kind: 'syscall', errno: 'ECANCELED' });
  });
});
