/** What a command is given in place of what Node has: policy, priorities, processors, execution domain, as it sees them itself. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { warmUp } from '../fixture.js';
import { haco, orThrow, realRuntime, type Builder } from '../index.js';

let rootfs: TestRootfs;
beforeAll(async () => {
  await warmUp();
  rootfs = await makeRootfs({ shell: true });
});
afterAll(() => rootfs.remove());

// Fields of proc_pid_stat(5): nice value, realtime priority, number of the policy.
const policy = "cut -d ' ' -f 19,40,41 /proc/self/stat";
const cpus = 'grep Cpus_allowed_list /proc/self/status | cut -f 2';
// Not uname(2): User Mode Linux tells its own machine whatever the domain is.
const domain = 'cat /proc/self/personality';
const look = `${policy}; ionice -p $$; ${cpus}; ${domain}`;
const base = () => haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs');
const said = async (builder: Builder): Promise<string> =>
  (await builder.run()).match(
    ({ stdout }) => stdout,
    ({ message }) => message,
  );

// What Node may run on; a test that needs a second one has none to lose otherwise.
const allowed = /Cpus_allowed_list:\t(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
const first = /^\d+/.exec(allowed)?.[0] ?? '0';
/** Whether this process may have the policy: where the kernel counts such time, the group needs some, which systemd's have not. */
const mayHave = (...args: readonly string[]): boolean => spawnSync('chrt', [...args, 'true']).status === 0;
const hasRealtime = mayHave('-f', '1');
const deadlines = [
  '-d',
  '--sched-runtime',
  '2000000',
  '--sched-deadline',
  '10000000',
  '--sched-period',
  '10000000',
  '0',
];
const hasDeadlines = mayHave(...deadlines);
const mayRaise = realRuntime.host().capabilities.includes('sys_nice');

describeWith(['root', 'busybox'], 'a command', () => {
  test('has the policy, the priorities, the processors and the domain that were asked for', async () => {
    await expectNothingLeft(async () => {
      const asked = base()
        .scheduler({ policy: 'batch', nice: 7 })
        .ioPriority('be', 6)
        .cpuAffinity(first)
        .personality('linux32')
        .caps('none')
        .user(1000, 1000);
      const [stat, io, list, is = ''] = (await said(asked.sh(look))).split('\n');
      expect([stat, io, list, is]).toEqual(['7 0 3', 'best-effort: prio 6', first, '00000008']);
    });
  });

  test('has none of them from nowhere', async () => {
    expect(await said(base().sh(`${policy}; ${cpus}; ${domain}`))).toBe(`0 0 0\n${allowed}\n00000000\n`);
  });

  test('keeps to them below an init, and so do further ones', async () => {
    await expectNothingLeft(async () => {
      const asked = base()
        .scheduler({ policy: 'idle' })
        .ioPriority('idle')
        .cpuAffinity([Number(first)])
        .init();
      await using container = orThrow(await asked.personality('linux32').sh('exec sleep 60').start());
      const { stdout } = orThrow(await container.exec('/bin/sh', '-c', look));
      const [stat, io, list, is = ''] = stdout.split('\n');
      expect([stat, io, list, is]).toEqual(['0 0 5', 'idle', first, '00000008']);
    });
  });

  test('takes a realtime policy, a deadline and the first class from who may give them; others are told', async () => {
    await expectNothingLeft(async () => {
      const cases: readonly (readonly [Builder, string, boolean?])[] = [
        [base().scheduler({ policy: 'fifo', priority: 20 }).sh(policy), '0 20 1\n', hasRealtime],
        [base().scheduler({ policy: 'rr', priority: 1 }).sh(policy), '0 1 2\n', hasRealtime],
        [base().scheduler({ policy: 'other', nice: -5 }).sh(policy), '-5 0 0\n'],
        [base().ioPriority('rt', 2).sh('ionice -p $$'), 'realtime: prio 2\n'],
        [
          base().scheduler({ policy: 'deadline', runtimeNs: 2_000_000, deadlineNs: 10_000_000 }).sh(policy),
          '0 0 6\n',
          hasDeadlines,
        ],
      ];
      for (const [builder, expected, mayBe = true] of cases) {
        if (mayRaise && mayBe) expect(await said(builder)).toBe(expected);
        else expect(await said(builder)).toContain('CAP_SYS_NICE');
        // The capability counts on the host only.
        expect(await said(builder.unshare('user').mapUsers('self').mapGroups('self'))).toMatch(
          /^Could not (schedule it by SCHED_|set the I\/O priority to IOPRIO_CLASS_RT).* EPERM.*CAP_SYS_NICE/,
        );
      }
    });
  });

  test('whose values the kernel does not take is an error that says so', async () => {
    const deadline = { policy: 'deadline', runtimeNs: 2_000_000, deadlineNs: 10_000_000 } as const;
    if (mayRaise) {
      // The shortest period is 100 µs.
      const short = base().scheduler({ policy: 'deadline', runtimeNs: 2000, deadlineNs: 3000 });
      expect(await said(short.sh(policy))).toMatch(/EINVAL; .*sched_deadline_period_min_us/);
      // Where there is but one processor, it is all of them.
      const pinned = await said(base().cpuAffinity(first).scheduler(deadline).sh(policy));
      expect(pinned).toMatch(first === allowed ? /^0 0 6\n$/ : /EPERM; .*on some of the processors only/);
    }
    expect(await said(base().cpuAffinity('8191').sh(policy))).toMatch(
      /^Could not run on the processors 8191 .*EINVAL; none of these processors is there/,
    );
  });
});

describeWith(['root', 'busybox'], 'a further command', () => {
  test("has processors of its own, which are not those of the container's", async () => {
    await expectNothingLeft(async () => {
      const asked = base().execCpuAffinity({ initial: first, final: first });
      await using container = orThrow(await asked.sh(`${cpus}; exec sleep 60`).start());
      expect(orThrow(await container.exec('/bin/sh', '-c', cpus)).stdout).toBe(`${first}\n`);
      const steps = orThrow(container.explain('/bin/true')).steps.map(({ id }) => id);
      expect(steps).toContain('process.initial-cpu-affinity');
      expect(steps.indexOf('process.initial-cpu-affinity')).toBeLessThan(steps.indexOf('process.cpu-affinity'));
      const own = readFileSync(`/proc/${String(container.pid)}/status`, 'utf8');
      expect(own).toContain(`Cpus_allowed_list:\t${allowed}\n`);
    });
  });

  test('without a final list goes on where it began, unless its groups say otherwise', async () => {
    await expectNothingLeft(async () => {
      const asked = base().cpuAffinity(allowed).execCpuAffinity({ initial: first });
      await using container = orThrow(await asked.command('/bin/sleep', '60').start());
      expect(orThrow(await container.exec('/bin/sh', '-c', cpus)).stdout).toBe(`${first}\n`);
      const chosen = await container.exec({
        command: ['/bin/sh', '-c', `${policy}; ${cpus}`],
        use: (builder) => builder.scheduler({ policy: 'batch', nice: 2 }).cpuAffinity(allowed),
      });
      expect(orThrow(chosen).stdout).toBe(`2 0 3\n${allowed}\n`);
    });
  });
});
