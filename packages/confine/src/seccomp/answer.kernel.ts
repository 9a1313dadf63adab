/** System calls that functions answer, and runs that teach which are used. */
import { existsSync } from 'node:fs';
import { haco, orThrow, type Builder, type Outcome, type SyscallAnswer } from '@haco/core';
import { describeWith, expectNothingLeft, makeRootfs, type TestRootfs } from '@haco/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describeWith(['root', 'probe', 'busybox', 'seccomp'], 'system calls answered by Node', () => {
  let rootfs: TestRootfs;
  let base: Builder;

  beforeAll(async () => {
    rootfs = await makeRootfs({ shell: true });
    base = haco().unshare('pid', 'mount').chroot(rootfs.path).independent('procfs').noNewPrivileges();
    // The first start opens what the SDK keeps.
    await orThrow(
      base
        .onSyscall('mkdir', () => 'continue')
        .command('true')
        .run(),
    );
  });
  afterAll(() => rootfs.remove());

  async function run(builder: Builder): Promise<Outcome> {
    return expectNothingLeft(() => orThrow(builder.run()));
  }

  describe('onSyscall', () => {
    test('a call fails with the errno of the answer, and its handler reads its arguments', async () => {
      const seen: string[] = [];
      const builder = base.onSyscall('mkdir', ({ name, args, readText, isWaiting }) => {
        seen.push(`${name} ${orThrow(readText(args[0]))} ${(args[1] & 0o777n).toString(8)} ${String(isWaiting())}`);
        return { errno: 'EROFS' };
      });
      const { stderr, exitCode } = await run(builder.command('mkdir', '/tmp/x'));
      expect([stderr.trim(), exitCode]).toEqual(["mkdir: can't create directory '/tmp/x': Read-only file system", 1]);
      expect(seen).toEqual(['mkdir /tmp/x 777 true']);
    });

    test('a call returns the value of the answer without happening', async () => {
      const builder = base.onSyscall('getuid', () => ({ value: 4711 })).onSyscall('geteuid', () => ({ value: 4711n }));
      expect((await run(builder.command('id', '-u'))).stdout).toBe('4711\n');
    });

    test('a call that goes on happens', async () => {
      const { exitCode } = await run(
        base.onSyscall('mkdir', () => 'continue').sh('mkdir /tmp/made && rmdir /tmp/made || rm -r /tmp/made'),
      );
      expect(exitCode).toBe(0);
    });

    test('an answer may take its time, for several processes at once', async () => {
      let most = 0;
      let now = 0;
      const answer = async (): Promise<SyscallAnswer> => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 50));
        now -= 1;
        return { errno: 'EPERM' };
      };
      const script = 'for i in 1 2 3; do mkdir /tmp/haco-never-$i & done; wait';
      await run(haco().noNewPrivileges().onSyscall('mkdir', answer).sh(script));
      expect(most).toBeGreaterThan(1);
    });

    test.each(['execve', 'read', 'write', 'clock_gettime', 'close', 'exit_group'])(
      'the launcher is not stopped by %s, and its own calls are nobody else’s business',
      async (name) => {
        const pids = new Set<number>();
        let firstFd: bigint | undefined;
        const builder = base.onSyscall(name, ({ pid, args }) => {
          pids.add(pid);
          firstFd ??= args[0];
          return 'continue';
        });
        const { stdout, reason } = await run(builder.sh('echo hello; cat /proc/self/comm'));
        expect([stdout, reason]).toEqual(['hello\ncat\n', 'exited']);
        expect(pids.size).toBeGreaterThan(0);
        if (name === 'write') expect(firstFd).toBe(1n);
      },
    );

    test('what a filter refuses is refused without asking', async () => {
      let asked = 0;
      const builder = base
        .seccomp({
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
        })
        .onSyscall('mkdir', () => {
          asked += 1;
          return 'continue';
        });
      expect((await run(builder.command('mkdir', '/tmp/x'))).stderr).toContain('Permission denied');
      expect(asked).toBe(0);
    });

    test('together with the profile default, caps and a user', async () => {
      const builder = base
        .seccomp('default')
        .caps('none')
        .user(1000)
        .onSyscall('mkdir', () => ({ errno: 'EROFS' }));
      expect((await run(builder.command('mkdir', '/tmp/x'))).stderr).toContain('Read-only file system');
    });

    test('without no_new_privs, where privileges are given up', async () => {
      const builder = haco()
        .caps('none')
        .user(1000)
        .onSyscall('mkdir', () => ({ errno: 'EROFS' }))
        .command('mkdir', '/tmp/haco-never');
      expect((await run(builder)).stderr).toContain('Read-only file system');
    });

    test('with an init', async () => {
      const builder = base
        .init()
        .onSyscall('mkdir', () => ({ errno: 'EROFS' }))
        .command('mkdir', '/tmp/x');
      expect((await run(builder)).stderr).toContain('Read-only file system');
    });

    test.each<[string, () => unknown, string]>([
      ['throws', () => { throw new Error('out of ideas'); }, 'The onSyscall("mkdir") hook failed: out of ideas; mend the hook or remove it.'],
      ['answers with an errno that there is not', () => ({ errno: 'ENOPE' }), 'The onSyscall("mkdir") hook failed: "ENOPE", its answer to mkdir, is no errno; mend the hook or remove it.'],
    ])('a handler that %s ends the container, and the call never happens', async (_what, handler, message) => {
      const ran = await expectNothingLeft(async () => base.onSyscall('mkdir', handler as () => SyscallAnswer).command('mkdir', '/tmp/wrong').run());
      expect([ran._unsafeUnwrapErr().kind, ran._unsafeUnwrapErr().message]).toEqual(['hook', message]);
      expect(existsSync(rootfs.inside('/tmp/wrong'))).toBe(false);
    }); // prettier-ignore

    test('a container that waits for an answer can be stopped', async () => {
      const never = base
        .onSyscall('mkdir', () => new Promise<SyscallAnswer>(() => undefined))
        .command('mkdir', '/tmp/x');
      expect((await run(never.timeout(100))).reason).toBe('timeout');
    });

    test('a container that lives longer than its first process was asked about is served to its end', async () => {
      await expectNothingLeft(async () => {
        const container = await orThrow(
          base
            .onSyscall('mkdir', () => ({ errno: 'EROFS' }))
            .sh('read x; mkdir /tmp/x 2>/dev/null; echo $?')
            .start(),
        );
        let text = '';
        container.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
        container.stdin?.end('\n');
        await orThrow(container.wait());
        expect(text).toBe('1\n');
      });
    });

    test('what is executed in a running container is filtered and answered alike', async () => {
      await expectNothingLeft(async () => {
        const builder = base
          .seccomp('default')
          .onSyscall('mkdir', () => ({ errno: 'EROFS' }))
          .command('sleep', '60');
        await using container = await orThrow(builder.start());
        const filtered = await orThrow(
          container.exec({ command: ['/bin/grep', 'Seccomp_filters', '/proc/self/status'] }),
        );
        expect(filtered.stdout).toBe('Seccomp_filters:\t2\n');
        const answered = await orThrow(container.exec({ command: ['/bin/mkdir', '/tmp/x'] }));
        expect(answered.stderr).toContain('Read-only file system');
      });
    });

    test('memory that is not there is an error of reading, not of the container', async () => {
      const told: string[] = [];
      const builder = base.onSyscall('mkdir', ({ readMemory }) => {
        told.push(readMemory(8n, 4)._unsafeUnwrapErr().kind);
        return { errno: 'EFAULT' };
      });
      expect((await run(builder.command('mkdir', '/tmp/x'))).exitCode).toBe(1);
      expect(told).toEqual(['io']);
    });
  });

  describe('learn', () => {
    const command = ['sh', '-c', 'echo hello > /tmp/learn; cat /tmp/learn; rm /tmp/learn'] as const;

    test('gives the profile with which the same run works, and another does not', async () => {
      const { profile, outcome } = await expectNothingLeft(() => orThrow(base.command(...command).learn()));
      expect([outcome.reason, outcome.stdout]).toEqual(['exited', 'hello\n']);
      const names = profile.syscalls?.[0]?.names ?? [];
      expect(names).toEqual(expect.arrayContaining(['execve', 'write', 'exit_group', 'unlink']));
      expect(names).not.toContain('mkdir');
      expect(names).not.toContain('close_range');
      const again = base.seccomp(profile);
      expect((await run(again.command(...command))).stdout).toBe('hello\n');
      expect((await run(again.command('mkdir', '/tmp/x'))).stderr).toContain('Operation not permitted');
    });

    test('each name is needed: without any one of them the run is another', async () => {
      const { profile } = await orThrow(base.command(...command).learn());
      const names = profile.syscalls?.[0]?.names ?? [];
      for (const name of names.filter((one) => ['write', 'read', 'sendfile', 'execve'].includes(one))) {
        const fewer = {
          ...profile,
          syscalls: [{ names: names.filter((one) => one !== name), action: 'SCMP_ACT_ALLOW' as const }],
        };
        const result = await base
          .seccomp(fewer)
          .command(...command)
          .run();
        expect(result.isOk() && result.value.stdout).not.toBe('hello\n');
      }
    });

    test('filters don’t hold while it learns, handlers do', async () => {
      const builder = base
        .seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_KILL' }] })
        .onSyscall('mkdir', () => ({ errno: 'EROFS' }))
        .command('mkdir', '/tmp/x');
      const { profile, outcome } = await expectNothingLeft(() => orThrow(builder.learn()));
      expect(outcome.stderr).toContain('Read-only file system');
      expect(profile.syscalls?.[0]?.names).toContain('mkdir');
    });

    test('a start that fails is an error as ever', async () => {
      const result = await expectNothingLeft(async () => base.command('/nowhere').learn());
      expect(result._unsafeUnwrapErr().kind).toBe('not-found');
    });
  });
});
