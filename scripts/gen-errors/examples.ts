/** A sentence of each kind, made by the code that makes it for users, from plans of stored hosts: the same on every machine. */
import { haco, orThrow, type Builder } from '@haco/core';
import { HookError, TimeoutError, ToolError, type HacoError, type HostFacts, type Plan } from '@haco/plan';
import { failureError } from '@haco/sys';
import { storedHosts } from '@haco/testkit';
import { missingRoot, nameTaken, warningsError } from '../../packages/core/src/failure.js';
import { fileError } from '../../packages/core/src/files/root.js';
import { hookName, type HooksSection } from '../../packages/core/src/hooks/section.js';
import { describeCheck } from '../../packages/core/src/watch/checks.js';
import type { WatchSection } from '../../packages/core/src/watch/section.js';
import { alreadyAborted } from '../../packages/core/src/start/plan-start.js';

interface Example {
  /** What a program does to get it, in Markdown. */
  readonly from: string;
  readonly make: () => HacoError;
}

/** The examples of every kind. */
export const examples: Readonly<Record<HacoError['kind'], readonly [Example, ...Example[]]>> = {
  'invalid-spec': [
    {
      from: "`haco().name('../x').memory('lots').cpu(0)`",
      make: () => haco().name('../x').memory('lots').cpu(0).command('true').spec()._unsafeUnwrapErr(),
    },
  ],
  syscall: [
    {
      from: "`mount('/nowhere', '/mnt')`",
      make: () =>
        failureOf(haco().unshare('mount').mount('/nowhere', '/mnt', { recursive: false }), 'open_tree', 'ENOENT'),
    },
    {
      from: "`command('/srv/run.sh')`, which nobody has made executable",
      make: () => failureOf(haco(), 'execve', 'EACCES'),
    },
  ],
  unsupported: [
    {
      from: "`unshare('user', 'time')` on a kernel without time namespaces",
      make: () => refusal(haco().unshare('user', 'time'), without('time_namespace')),
    },
  ],
  permission: [
    {
      from: "`unshare('pid')` as an ordinary user",
      make: () => refusal(haco().unshare('pid'), storedHosts.rootless),
    },
    {
      from: "`unshare('user')` on Ubuntu with AppArmor's restriction",
      make: () =>
        refusal(haco().unshare('user'), {
          ...storedHosts.rootless,
          userNamespaces: { ...storedHosts.rootless.userNamespaces, apparmorRestricted: true },
        }),
    },
  ],
  tool: [
    {
      from: 'a program that is not installed',
      make: () => new ToolError({ command: ['newuidmap', '4242'], exitCode: null, stderr: '', package: 'uidmap' }),
    },
    {
      from: 'a program that fails',
      make: () =>
        new ToolError({
          command: ['newuidmap', '4242', '0', '1000', '1', '1', '5', '1'],
          exitCode: 1,
          stderr: 'newuidmap: uid range [1-2) -> [5-6) not allowed',
          package: 'uidmap',
        }),
    },
  ],
  'not-found': [
    {
      from: "`chroot('/nowhere')`",
      make: () => {
        const step = plan(haco().chroot('/nowhere'), storedHosts.v2).steps.find(({ id }) => id === 'mounts.root');
        return missingRoot('/nowhere', `could not ${step?.label ?? ''}: ENOENT`);
      },
    },
  ],
  conflict: [{ from: "`name('web')`, twice at the same time", make: () => nameTaken('web') }],
  timeout: [
    {
      from: "`readiness({ port: 8080, timeout: '10s' })` and `start({ ready: true })`, of a server that doesn't listen",
      make: () => {
        const spec = orThrow(haco().readiness({ port: 8080, timeout: '10s' }).command('true').spec());
        const [entry] = (spec['watch'] as WatchSection).readiness;
        if (entry === undefined) throw new Error('the condition is not in the spec');
        return new TimeoutError({ what: describeCheck(entry), timeoutMs: entry.timeoutMs });
      },
    },
  ],
  state: [
    {
      from: '`signal(AbortSignal.abort())`',
      make: () => {
        const error = alreadyAborted(orThrow(haco().signal(AbortSignal.abort()).command('true').spec()));
        if (error === undefined) throw new Error('an aborted signal is no error any more');
        return error;
      },
    },
  ],
  io: [
    {
      from: "`container.files.read('/root/key')` as another user",
      make: () => fileError('read', '/root/key', 'EACCES', 'openat'),
    },
  ],
  hook: [
    {
      from: "`hook('setup', …)` with a function that throws",
      make: () => {
        const cause = new Error('the data set is not there yet');
        const section = orThrow(
          haco()
            .hook('setup', () => undefined)
            .command('true')
            .spec(),
        )['hooks'] as HooksSection;
        const [entry] = section.hooks;
        if (entry === undefined) throw new Error('the hook is not in the spec');
        return new HookError({ hook: hookName(section, entry), cause });
      },
    },
  ],
};

/** What to do about a kind, beyond what its own sentence says. */
export const advice: Readonly<Record<HacoError['kind'], string>> = {
  'invalid-spec':
    'A mistake in the program. `issues` has every problem with its path, so that all are mended at once. Nothing was tried.',
  syscall:
    'Read `hint`: it is about this call in this step. `step`, `call` and `from` say where: find the step in `explain()` by `stepId`. When the hint says that it is a mistake in haco, report it with the plan.',
  unsupported:
    'Use another kernel or machine, or leave out what needs it. Inside another container a call that looks missing may be hidden by its seccomp profile. `check()` says so beforehand.',
  permission:
    '`remedy` is the command, or the verb, that grants it. `check()` and `doctor()` say so beforehand. [Without root](rootless.md) has each by distribution.',
  tool: 'Install `package` when the program is missing (the name is of Debian). When it failed, `stderr` has its last words, and `command` can be tried by hand.',
  'not-found': 'Correct the path or the name; paths of commands are those inside the root.',
  conflict: 'End who has it, or take another name.',
  timeout:
    'Allow more time, or look why it hangs. A command that runs longer than its `timeout()` is no error but an outcome, whose reason is `timeout`.',
  state: 'A mistake in the order of things: call it at another moment, or look at the state first.',
  io: 'Mend the file or the directory at `path`; `hint` says how.',
  hook: 'Mend the hook. `cause` is what it threw, with its stack. A hook with `{ fatal: false }` is only told as a warning.',
};

function plan(builder: Builder, host: HostFacts): Plan {
  return orThrow(builder.command('/srv/run.sh').explain({ host }));
}

/** The error of a start that a host refuses before anything is made. */
function refusal(builder: Builder, host: HostFacts): HacoError {
  const planned = plan(builder, host);
  const [first, ...others] = planned.warnings;
  if (first === undefined) throw new Error('this host refuses nothing any more');
  return warningsError([first, ...others], planned);
}

/** The error of a start in which a call of the plan fails: the first of that name. */
function failureOf(builder: Builder, name: string, errno: string): HacoError {
  for (const step of plan(builder, storedHosts.v2).steps) {
    const operation = step.operations.find((one) => one.op === 'syscall' && one.name === name);
    if (operation !== undefined) return failureError({ step, operation, errno });
  }
  throw new Error(`no step of the plan calls ${name} any more`);
}

function without(feature: keyof HostFacts['features']): HostFacts {
  return { ...storedHosts.v2, features: { ...storedHosts.v2.features, [feature]: false } };
}
