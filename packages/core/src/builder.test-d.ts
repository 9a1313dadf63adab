/** What compiles, and what must not: states that make no sense are refused by the compiler where it can. */
import { describe, expectTypeOf, test } from 'vitest';
import {
  haco,
  ok,
  orThrow,
  type Builder,
  type Container,
  type HacoError,
  type NamespaceKind,
  type Outcome,
  type Part,
  type ResultAsync,
} from './index.js';

interface GpuMethods {
  gpu(device: number): this;
}
declare const gpu: Part<'gpu', { readonly devices: readonly number[] }, GpuMethods>;

interface TpuMethods {
  tpu(slot: string): this;
}
declare const tpu: Part<'tpu', { readonly slots: readonly string[] }, TpuMethods>;

describe('what makes no sense does not compile', () => {
  test('parameters of another policy, words that the kernel does not have', () => {
    expectTypeOf(haco().scheduler({ policy: 'fifo', priority: 5, flags: ['reset_on_fork'] })).toExtend<Builder>();
    expectTypeOf(haco().cpuAffinity('0-3').cpuAffinity([0, 1]).ioPriority('be')).toExtend<Builder>();
    // @ts-expect-error realtime policies need a priority
    haco().scheduler({ policy: 'rr' });
    // @ts-expect-error and have no nice value
    haco().scheduler({ policy: 'rr', priority: 5, nice: 5 });
    // @ts-expect-error a deadline needs a run time
    haco().scheduler({ policy: 'deadline', deadlineNs: 5000 });
    // @ts-expect-error no kernel has it
    haco().scheduler({ policy: 'iso' });
    // @ts-expect-error no such flag
    haco().scheduler({ policy: 'idle', flags: ['nope'] });
    // @ts-expect-error no such class
    haco().ioPriority('none');
    // @ts-expect-error no such domain
    haco().personality('bsd');
    // @ts-expect-error a list, not one number
    haco().cpuAffinity(0);
  });

  test('verbs that need a namespace', () => {
    // @ts-expect-error no uts namespace to rename
    haco().unshare('pid').hostname('x');
    // @ts-expect-error no user namespace to map
    haco().unshare('pid').mapUsers('self');
    // @ts-expect-error no user namespace to map
    haco().mapGroups('auto');
    // @ts-expect-error mounts would be the host's
    haco().unshare('pid').mount('/a', '/b');
    // @ts-expect-error mounts would be the host's
    haco().tmpfs('/tmp');
    // @ts-expect-error mounts would be the host's
    haco().unshare('uts', 'user').independent('procfs');
    // @ts-expect-error mounts would be the host's
    haco().networkEtc();
    // @ts-expect-error a read-only root is a mount
    haco().chroot('/srv', { readonly: true });
    // @ts-expect-error no clocks of its own
    haco().timeOffsets({ boottimeMs: 1 });
    // @ts-expect-error only a new namespace can be persisted
    haco().unshare('pid').persist('net', '/run/netns/x');
  });

  test('words that are none', () => {
    // @ts-expect-error no kind of namespace
    haco().unshare('network');
    // @ts-expect-error no resource limit
    haco().rlimit('files', 1);
    // @ts-expect-error no filesystem of the kernel
    haco().unshare('mount').independent('proc');
    // @ts-expect-error a command is needed
    haco().command();
    // @ts-expect-error text is given as { text }
    haco().stdin('hello');
    // @ts-expect-error nobody has installed this verb
    haco().gpu(0);
  });

  test('a namespace that is asked for under a condition only is not assumed', () => {
    const maybe = haco().when(Math.random() > 0.5, (builder) => builder.unshare('uts'));
    // @ts-expect-error perhaps there is none
    maybe.hostname('x');
  });

  test('a builder is not awaitable', () => {
    expectTypeOf<Awaited<Builder>>().toEqualTypeOf<Builder>();
  });
});

describe('what people write compiles', () => {
  test("the card's line", () => {
    const root = '/srv/root';
    const result = haco().name('x').unshare('pid', 'uts').chroot(root).cpu(50).run();
    expectTypeOf(result).toEqualTypeOf<ResultAsync<Outcome, HacoError>>();
    expectTypeOf(haco().start()).toEqualTypeOf<ResultAsync<Container, HacoError>>();
  });

  test('a shared base keeps its marks through verbs and helpers', () => {
    const base = haco().unshare('mount', 'uts').command('true').env({ A: '1' }).cpu(10);
    base.hostname('a').tmpfs('/tmp').mount('/a', '/b', { readonly: true });
    base.reset('cgroups').hostname('b');
    base.when(true, (builder) => builder.pids(3)).hostname('c');
    haco().enter('uts', { pid: 1 }).hostname('d');
  });

  test('a generic helper gives back what it took', () => {
    const hardened = <B extends Builder>(builder: B): B => builder.caps('none').noNewPrivileges();
    haco().unshare('uts').use(hardened).hostname('x').use(hardened);
    expectTypeOf(haco().use((builder) => orThrow(builder.spec()).identity.name)).toEqualTypeOf<string | undefined>();
  });

  test('kinds may come as a list', () => {
    const known = ['pid', 'uts'] as const;
    haco()
      .unshare(...known)
      .hostname('x');
    const some: readonly NamespaceKind[] = known;
    haco()
      .unshare(...some)
      .command('true');
    const args: readonly string[] = ['-l'];
    haco().command('ls', ...args);
  });

  test('the end is a union to switch over', () => {
    const say = (outcome: Outcome): string => {
      switch (outcome.reason) {
        case 'exited':
          expectTypeOf(outcome.exitCode).toEqualTypeOf<number>();
          return String(outcome.exitCode);
        case 'signaled':
          return outcome.signal;
        case 'oom':
        case 'pids-limit':
        case 'timeout':
        case 'cpu-timeout':
        case 'seccomp':
        case 'output-limit':
        case 'aborted':
          return outcome.reason;
      }
    };
    expectTypeOf(say).returns.toBeString();
  });

  test('every error kind can be told apart', () => {
    const say = (error: HacoError): string => {
      switch (error.kind) {
        case 'syscall':
          return error.errno;
        case 'invalid-spec':
          return error.issues.map(({ path }) => path).join();
        case 'unsupported':
        case 'permission':
        case 'tool':
        case 'not-found':
        case 'conflict':
        case 'timeout':
        case 'state':
        case 'io':
        case 'hook':
          return error.message;
      }
    };
    expectTypeOf(say).returns.toBeString();
  });
});

describe('parts of third parties', () => {
  test('add their verbs, which mix with the others and keep marks', () => {
    haco({ parts: [gpu] })
      .gpu(0)
      .unshare('uts')
      .gpu(1)
      .hostname('x')
      .gpu(2)
      .command('true');
    haco({ parts: [gpu, tpu] })
      .tpu('a')
      .name('x')
      .gpu(1)
      .tpu('b')
      .use((builder) => builder.gpu(1));
    // @ts-expect-error a card has a number
    haco({ parts: [gpu] }).gpu('0');
    // @ts-expect-error not installed
    haco({ parts: [gpu] }).tpu('a');
  });

  test('are checked where they are written', () => {
    const wrong: Part<'gpu', { readonly devices: readonly number[] }, GpuMethods> = {
      key: 'gpu',
      empty: { devices: [] },
      // @ts-expect-error the verb is missing
      verbs: {},
      parse: () => ok({ devices: [] }),
      validate: () => [],
      plan: () => [],
    };
    expectTypeOf(wrong.key).toEqualTypeOf<'gpu'>();
  });
});
