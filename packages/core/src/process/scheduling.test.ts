/** Policies, priorities, processors and domains: which steps they are, and which values make no sense. */
import { describe, expect, test } from 'vitest';
import { renderOperation } from '@haco/plan';
import { storedHosts } from '@haco/testkit';
import { haco, orThrow, type Builder } from '../index.js';
import { parseCpuList } from './cpu-affinity.js';

const command = haco().command('/bin/true');
const stepOf = (builder: Builder, id: string) =>
  orThrow(builder.explain({ host: storedHosts.v2 })).steps.find((step) => step.id === id);
const callsOf = (builder: Builder, id: string) => stepOf(builder, id)?.operations.map(renderOperation);
/** What the compiler refuses. */
const wrongly = (scheduler: object, builder: Builder = command): Builder => builder.scheduler(scheduler as never);
const problems = (builder: Builder): readonly string[] =>
  builder.spec().match(
    () => [],
    ({ issues }) => issues.map(({ path, message }) => `${path}: ${message}`),
  );

test('nothing is asked of the kernel about which nothing was said', () => {
  for (const id of ['scheduler', 'io-priority', 'cpu-affinity', 'initial-cpu-affinity', 'personality']) {
    expect(stepOf(command, `process.${id}`)).toBeUndefined();
  }
});

test('all four come before privileges are dropped, processors before a policy that would forbid the change', () => {
  const ids = orThrow(
    command
      .personality('linux32')
      .ioPriority('rt')
      .scheduler({ policy: 'idle' })
      .cpuAffinity('0')
      .user(5)
      .caps('none')
      .explain({ host: storedHosts.v2 }),
  ).steps.map(({ id }) => id);
  const wanted = ['cpu-affinity', 'scheduler', 'io-priority', 'personality', 'user'].map((id) => `process.${id}`);
  expect(ids.filter((id) => wanted.includes(id))).toEqual(wanted);
});

test('a base is not changed by what is asked of its copies, and JSON says the same', () => {
  const asked = command
    .scheduler({ policy: 'deadline', runtimeNs: 1024, deadlineNs: 2048, periodNs: 4096, flags: ['reclaim'] })
    .ioPriority('idle')
    .cpuAffinity([3, 1])
    .execCpuAffinity({ initial: [0] })
    .personality('linux');
  expect(orThrow(command.spec()).process).not.toHaveProperty('scheduler');
  const spec = orThrow(asked.spec());
  expect(spec.process).toMatchObject({
    ioPriority: { class: 'idle', level: 0 },
    cpuAffinity: '3,1',
    execCpuAffinity: { initial: '0' },
  });
  expect(orThrow(orThrow(haco.fromSpec(JSON.parse(JSON.stringify(spec)))).spec())).toEqual(spec);
});

describe('a policy', () => {
  const id = 'process.scheduler';

  test('is one call, with what belongs to it', () => {
    const nice = command.scheduler({ policy: 'batch', nice: -5 });
    expect(stepOf(nice, id)).toMatchObject({
      phase: 'limits',
      label: 'schedule it by SCHED_BATCH, nice -5',
      from: id,
      source: 'sched_setattr(2)',
      needs: [{ capability: 'sys_nice', over: 'host' }],
    });
    expect(callsOf(nice, id)).toEqual([
      'sched_setattr(0, {size=48, sched_policy=SCHED_BATCH, sched_flags=0, sched_nice=-5, sched_priority=0, sched_runtime=0, sched_deadline=0, sched_period=0}, 0)',
    ]);
    const realtime = command.scheduler({ policy: 'fifo', priority: 9, flags: ['reset_on_fork', 'util_clamp_max'] });
    expect(stepOf(realtime, id)?.label).toBe('schedule it by SCHED_FIFO, priority 9');
    expect(callsOf(realtime, id)).toEqual([
      'sched_setattr(0, {size=56, sched_policy=SCHED_FIFO, sched_flags=SCHED_FLAG_RESET_ON_FORK|SCHED_FLAG_UTIL_CLAMP_MAX, sched_nice=0, sched_priority=9, sched_runtime=0, sched_deadline=0, sched_period=0, sched_util_min=0, sched_util_max=0}, 0)',
    ]);
    const deadline = command.scheduler({ policy: 'deadline', runtimeNs: 2000, deadlineNs: 5000 });
    expect(stepOf(deadline, id)?.label).toBe('schedule it by SCHED_DEADLINE, 2000 ns within 5000 ns, every 5000 ns');
    expect(stepOf(command.scheduler({ policy: 'idle' }), id)).not.toHaveProperty('needs');
  });

  test('has its own parameters; all that is wrong is said at once', () => {
    expect(problems(wrongly({ policy: 'other', nice: 20, priority: 1, periodNs: 5 }))).toEqual([
      'process.scheduler.nice: 20 is not a nice value; write -20 to 19',
      'process.scheduler.priority: means something for "fifo" and "rr" only, not for "other"; leave it out',
      'process.scheduler.periodNs: means something for "deadline" only, not for "other"; leave it out',
    ]);
    expect(problems(wrongly({ policy: 'rr', nice: 1 }))).toEqual([
      'process.scheduler.nice: means something for "other" and "batch" only, not for "rr"; leave it out',
      'process.scheduler.priority: is what "rr" needs; write 1 to 99',
    ]);
    expect(problems(command.scheduler({ policy: 'fifo', priority: 100 }))).toEqual([
      'process.scheduler.priority: 100 is not a priority; write 1 to 99',
    ]);
    expect(problems(wrongly({ policy: 'deadline' }))).toEqual([
      'process.scheduler.runtimeNs: is what "deadline" needs; write nanoseconds',
      'process.scheduler.deadlineNs: is what "deadline" needs; write nanoseconds',
    ]);
    const short = { policy: 'deadline', runtimeNs: 1023, deadlineNs: 1000, periodNs: 900 } as const;
    expect(problems(command.scheduler(short))).toEqual([
      'process.scheduler.runtimeNs: 1023 is too short; 1024 ns is the shortest',
      'process.scheduler.deadlineNs: 1000 is shorter than the run time; make it at least as long',
      'process.scheduler.periodNs: 900 is shorter than the deadline; make it at least as long',
    ]);
  });

  test('that a child does not inherit is none for the child of an init', () => {
    const deadline = { policy: 'deadline', runtimeNs: 2000, deadlineNs: 5000 } as const;
    expect(problems(command.init().scheduler(deadline))).toEqual([
      'process.scheduler.policy: "deadline" is not inherited by a child of init(); leave one out',
    ]);
    expect(problems(command.init().scheduler({ policy: 'idle', flags: ['reset_on_fork'] }))).toEqual([
      'process.scheduler.flags: "reset_on_fork" takes the policy from a child of init(); leave one out',
    ]);
  });

  test('from JavaScript or JSON is looked at as a whole', () => {
    expect(problems(command.scheduler(undefined as never))).toEqual([]);
    expect(problems(command.scheduler('fifo' as never))).toEqual(['process.scheduler: must be an object']);
    const odd = { policy: 'iso', nice: 'x', flags: ['nope'], colour: 1 };
    const said = [
      'process.scheduler.colour: is not known here',
      'process.scheduler.policy: must be one of "other", "batch", "idle", "fifo", "rr", "deadline"',
      'process.scheduler.nice: must be a whole number',
      expect.stringMatching(/^process\.scheduler\.flags\[0\]: must be one of "reset_on_fork", /),
    ];
    expect(problems(command.scheduler(odd as never))).toEqual(said);
    const json = { version: 1, process: { scheduler: odd, initialCpuAffinity: '0', cpuAffinity: 5, personality: 1 } };
    const { issues } = haco.fromSpec(json)._unsafeUnwrapErr();
    expect(issues.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      ...said,
      'process.initialCpuAffinity: is only for processes that join a container',
      'process.cpuAffinity: must be a string',
      'process.personality: must be a string',
    ]);
  });
});

describe('a priority of I/O', () => {
  const id = 'process.io-priority';

  test('is a class and a level, 4 without one', () => {
    expect(callsOf(command.ioPriority('be'), id)).toEqual([
      'ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4))',
    ]);
    const realtime = stepOf(command.ioPriority('rt', 0), id);
    expect(realtime).toMatchObject({
      label: 'set the I/O priority to IOPRIO_CLASS_RT, level 0',
      needs: [{ capability: 'sys_nice', over: 'host' }],
      operations: [{ args: [{ value: 1 }, 0, { value: 1 << 13 }] }],
    });
  });

  test('of another class or level is none', () => {
    expect(problems(command.ioPriority('be', 8))).toEqual([
      'process.ioPriority.level: 8 is not a level; write 0 (first) to 7 (last)',
    ]);
    expect(problems(command.ioPriority('none' as never, 1.5))).toEqual([
      'process.ioPriority.class: must be one of "rt", "be", "idle"',
      'process.ioPriority.level: must be a whole number',
    ]);
  });
});

describe('processors', () => {
  const id = 'process.cpu-affinity';

  test('are a mask of as many words as the highest needs', () => {
    expect(callsOf(command.cpuAffinity('0-1,31'), id)).toEqual([
      'sched_setaffinity(0, 8, {cpus0=0x80000003, cpus32=0x0})',
    ]);
    expect(callsOf(command.cpuAffinity([64]), id)).toEqual([
      'sched_setaffinity(0, 16, {cpus0=0x0, cpus32=0x0, cpus64=0x1, cpus96=0x0})',
    ]);
  });

  test('are a list as of cpuset(7)', () => {
    expect(parseCpuList('3, 1-2,2')).toEqual([1, 2, 3]);
    for (const list of ['', ',', '1-', '-1', '2-1', '8192', 'a', '0-8192', '1 2', '99999']) {
      expect(parseCpuList(list)).toBeUndefined();
    }
    expect(problems(command.cpuAffinity([1.5]).execCpuAffinity({ initial: 'x', final: [] }))).toEqual(
      [
        ['cpuAffinity', '1.5'],
        ['execCpuAffinity.initial', 'x'],
        ['execCpuAffinity.final', ''],
      ].map(
        ([field = '', list = '']) =>
          `process.${field}: "${list}" is no list of processors; write numbers below 8192 and ranges of them, such as "0-3,7"`,
      ),
    );
    expect(problems(command.cpuAffinity(7 as never))[0]).toContain('process.cpuAffinity: 7 is no list of processors');
    for (const nothing of [{}, undefined]) {
      expect(problems(command.execCpuAffinity(nothing as never))).toEqual([
        'process.execCpuAffinity: says nothing; give initial, final or both',
      ]);
    }
  });

  test("of further commands are not the container's own", () => {
    const other = command.execCpuAffinity({ initial: '0', final: '1' });
    expect(stepOf(other, id)).toBeUndefined();
    expect(stepOf(other, 'process.initial-cpu-affinity')).toBeUndefined();
  });
});

test('a domain is one of two', () => {
  const builder = command.personality('linux32');
  expect(callsOf(builder, 'process.personality')).toEqual(['personality(PER_LINUX32)']);
  expect(callsOf(builder.personality('linux'), 'process.personality')).toEqual(['personality(PER_LINUX)']);
  expect(problems(command.personality('bsd' as never))).toEqual([
    'process.personality: "bsd" is no execution domain; write "linux" or "linux32"',
  ]);
});
