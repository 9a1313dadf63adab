/** CPU time that runs out: watched by Node for all processes together, or by the kernel for each of them. */
import { describeWith, expectNothingLeft } from '@haco/testkit';
import { beforeAll, expect, test } from 'vitest';
import { warmUp } from './fixture.js';
import { haco, orThrow, type Builder } from './index.js';

beforeAll(warmUp);

const ended = (builder: { readonly run: Builder['run'] }) => expectNothingLeft(() => orThrow(builder.run()));
const spin = 'while :; do :; done';

describeWith(['root'], 'cpuTimeout', () => {
  test('ends a container that has used its CPU time', async () => {
    const outcome = await ended(haco().cpuTimeout('300ms').timeout('60s').sh(spin));
    expect(outcome).toMatchObject({
      reason: 'cpu-timeout',
      exitCode: null,
      signal: 'SIGKILL',
      enforced: { cpuTimeout: 'enforced' },
    });
  });

  test('counts all its processes together, also those that have ended', async () => {
    // Each of them alone stays far below.
    const work = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done';
    const outcome = await ended(
      haco().cpuTimeout('500ms').timeout('60s').sh(`while :; do (${work}) & (${work}); wait; done`),
    );
    expect(outcome.reason).toBe('cpu-timeout');
  });

  test('leaves alone what sleeps', async () => {
    expect(await ended(haco().cpuTimeout('100ms').sh('sleep 0.4; exit 3'))).toMatchObject({
      reason: 'exited',
      exitCode: 3,
    });
  });

  test('ends a container whose handle somebody holds, behind an init and in a pid namespace', async () => {
    await expectNothingLeft(async () => {
      await using container = await orThrow(
        haco().unshare('pid').init().cpuTimeout('200ms').timeout('60s').sh(spin).start(),
      );
      expect((await orThrow(container.wait())).reason).toBe('cpu-timeout');
    });
  });

  test('refuses what is no duration', () => {
    const problems = (builder: Builder): unknown => builder.explain()._unsafeUnwrapErr().message;
    expect(problems(haco().cpuTimeout('soon'))).toContain('cgroups.cpuTimeMs: ');
    expect(problems(haco().cpuTimeout(0))).toMatch(/cgroups\.cpuTimeMs: 0 is not between 1 and \d+ ms/);
  });
});

describeWith(['root'], "rlimit('cpu')", () => {
  test('at the soft limit', async () => {
    expect(await ended(haco().rlimit('cpu', 1, 10).sh(spin))).toMatchObject({
      reason: 'cpu-timeout',
      signal: 'SIGXCPU',
    });
  });

  test('at the hard limit, which also ends the first process of a pid namespace', async () => {
    expect(await ended(haco().unshare('pid').rlimit('cpu', 1).sh(spin))).toMatchObject({
      reason: 'cpu-timeout',
      signal: 'SIGKILL',
    });
  });

  test('of a child, whose end a shell passes on', async () => {
    const outcome = await ended(haco().rlimit('cpu', 1, 10).sh(`/bin/sh -c '${spin}'; exit $?`));
    expect(outcome).toMatchObject({ reason: 'cpu-timeout', exitCode: 152, signal: null });
  });

  test('is not taken for the cause of signals that others send', async () => {
    const quick = haco().rlimit('cpu', 1, 2);
    expect(await ended(quick.sh('kill -XCPU $$'))).toMatchObject({ reason: 'signaled', signal: 'SIGXCPU' });
    expect(await ended(quick.sh('kill -KILL $$'))).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' });
    expect(await ended(quick.sh('exit 152'))).toMatchObject({ reason: 'exited', exitCode: 152 });
    await using container = await orThrow(quick.sh('sleep 60').start());
    void container.kill('SIGXCPU');
    expect(await orThrow(container.wait())).toMatchObject({ reason: 'signaled', signal: 'SIGXCPU' });
  });

  test('that a running container was given counts too', async () => {
    await using container = await orThrow(haco().sh(spin).start());
    await orThrow(container.update({ rlimits: { cpu: { soft: 1, hard: 5 } } }));
    expect(await orThrow(container.wait())).toMatchObject({ reason: 'cpu-timeout', signal: 'SIGXCPU' });
  });
});
