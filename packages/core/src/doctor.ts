/** What this host can do for containers, and how to mend what it can't. */
import { type HacoError, type HostFacts, type IdRange, type SubordinateRange, type Warning, nothing } from '@haco/plan';
import { hostOverlay } from '@haco/bootstrap';
import { ResultAsync } from 'neverthrow';
import type { Builder } from './builder.js';
import { haco, type HacoOptions } from './haco.js';
import { container } from './presets/container.js';
import { sandbox } from './presets/sandbox.js';
import { realRuntime } from './runtime.js';

/** One thing that containers may need. */
export interface Finding {
  /** What was asked for, e.g. `limits of memory`. */
  readonly what: string;
  readonly ok: boolean;
  /** Why not, and how to mend it: one sentence each. */
  readonly problems: readonly Warning[];
}

/** The answer of {@link doctor}. */
export interface Diagnosis {
  /** Whether nothing is missing. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** As text, one line for each finding, and one for each problem below it. */
  toString(): string;
}

type Examination = (builder: Builder, host: HostFacts) => Pick<Builder, 'check'>;

/** By ranges, which `auto` would do without where none are granted. */
const withTwoUsers: Examination = (builder, { euid, egid, userNamespaces: { subuid, subgid } }) => {
  const two = (own: number, [granted]: readonly SubordinateRange[]): readonly IdRange[] => [
    { inside: 0, outside: own, count: 1 },
    { inside: 1, outside: granted?.start ?? 100_000, count: 1 },
  ];
  return builder.unshare('user').mapUsers(two(euid, subuid)).mapGroups(two(egid, subgid));
};

/** Each is an ordinary builder: what the doctor says of it is what `check()` says, and what a start would meet. */
const examinations: readonly (readonly [what: string, make: Examination])[] = [
  [
    'namespaces of mounts, pids, ipc, host name, network and cgroups',
    (b) => b.unshare('mount', 'pid', 'ipc', 'uts', 'net', 'cgroup'),
  ],
  ['user namespaces', (b) => b.unshare('user')],
  ['user namespaces with more than one user', withTwoUsers],
  ['time namespaces', (b) => b.unshare('user', 'time')],
  ['a throw-away layer over the host', (b) => b.unshare('user', 'mount').rootfs(hostOverlay())],
  [
    'a /proc, /dev and /sys of its own',
    (b) => b.unshare('user', 'mount', 'pid', 'net').chroot('/').independent('procfs', 'dev', 'sysfs'),
  ],
  ['limits of CPU', (b) => b.cpu(50)],
  ['limits of memory', (b) => b.memory('64MiB')],
  ['limits of processes', (b) => b.pids(64)],
  ['filters of system calls', (b) => b.noNewPrivileges().seccomp('default')],
  ['Landlock for files', (b) => b.noNewPrivileges().landlock({ read: '/' })],
  [
    'Landlock for ports, signals and sockets',
    (b) => b.noNewPrivileges().landlock({ bind: [], connect: [], scopes: ['signal', 'abstract-unix-socket'] }),
  ],
  ['sandbox()', (b) => b.use(sandbox)],
  ['container()', (b) => b.use(container).chroot('/', { readonly: true })],
];

/**
 * Examine a host: what of all that haco does works for this user on this machine, and what to do about the rest. Nothing is started.
 *
 * Errors: none of the host's shortcomings; only what makes `check()` itself fail.
 *
 * @param options - as for `haco()`, e.g. a runtime with the facts of another host
 *
 * @example
 * ```ts
 * import { doctor, orThrow } from '@haco/core';
 * console.log(String(await orThrow(doctor())));
 * ```
 */
export function doctor(options: HacoOptions = nothing): ResultAsync<Diagnosis, HacoError> {
  const host = (options.runtime ?? realRuntime).host();
  const examined = examinations.map(([what, make]) =>
    make(haco(options), host)
      .check()
      .map(({ ok, problems }): Finding => ({ what, ok, problems: withoutRepetition(problems) })),
  );
  return ResultAsync.combine(examined).map((findings) => ({
    ok: findings.every(({ ok }) => ok),
    findings,
    toString: () => findings.map(lineOf).join('\n'),
  }));
}

function withoutRepetition(problems: readonly Warning[]): readonly Warning[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

function lineOf({ what, ok, problems }: Finding): string {
  return [`${ok ? '✓' : '✗'} ${what}`, ...problems.map(({ message }) => `    ${message}`)].join('\n');
}
