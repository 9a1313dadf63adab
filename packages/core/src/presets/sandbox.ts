/** One word for a container whose content is hostile. */
import { dockerMaskedPaths, dockerReadonlyPaths } from '@haco/mounts';
import type { HasNamespace } from '@haco/plan';
import type { Builder } from '../builder.js';
import { haco } from '../haco.js';

/** The namespaces of {@link sandbox}: all that there are. */
type Sandboxed = HasNamespace<'mount' | 'uts' | 'ipc' | 'pid' | 'net' | 'user' | 'cgroup' | 'time'>;

/**
 * The directories of the host that programs are made of, whichever of them a distribution has. A list of what to hide is never complete:
 * people, services and sockets are wherever an administrator has put them.
 */
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc'] as const;

/** Where files of people, of services and of the machine lie in a root that somebody chooses, and sockets that lead to them. */
const private_ = ['/boot', '/home', '/media', '/mnt', '/root', '/run', '/srv', '/sys'] as const;

/**
 * A builder for commands that nobody trusts. Works without root; verbs that follow add to it or replace what it says.
 *
 * - all eight namespaces; as root, root inside is the user nobody outside, else the caller
 * - the host's programs, read-only: `/usr`, `/bin`, `/sbin`, `/lib*`, `/etc`; nothing else of it, such as `/home`, `/var`, `/opt`, `/run`; an
 *   empty `/tmp` of at most 256 MiB; `/proc` and `/dev` of its own
 * - no network, not even loopback
 * - no capabilities, no_new_privs, the seccomp profile `default`, no signals and no abstract sockets across the border (Landlock)
 * - one CPU, 512 MiB of memory, 256 processes, no core files, 60 seconds
 *
 * An ordinary user without a delegated cgroup gets no limits of CPU, memory and processes, and a kernel before 6.12 no Landlock scopes: the
 * start goes on, and `Outcome.enforced` says `refused` for them. All else is there, or the start fails.
 *
 * @example
 * ```ts
 * import { sandbox } from '@haco/core';
 * const result = await sandbox().mount('/srv/project', '/tmp/project', { readonly: true }).command('make', '-n').run();
 * const longer = sandbox().timeout('10min').memory('2GiB').chroot('/srv/roots/debian', { readonly: true });
 * ```
 *
 * @see docs/presets.md, what it defends against and what it doesn't
 */
export function sandbox(): Builder & Sandboxed;
/**
 * The same, on a builder of the caller's.
 *
 * @param builder - e.g. one with parts of third parties
 */
export function sandbox<B extends Builder>(builder: B): B & Sandboxed;
export function sandbox(builder: Builder = haco()): Builder & Sandboxed {
  return builder
    .unshare('user', 'mount', 'pid', 'ipc', 'uts', 'net', 'cgroup', 'time')
    .mapUsers('nobody')
    .mapGroups('nobody')
    .chroot('/', { only: programs, readonly: true })
    .independent('procfs', 'dev')
    .tmpfs('/tmp', { size: '256MiB' })
    .readonlyPaths(...dockerReadonlyPaths)
    .mask(...dockerMaskedPaths.filter((path) => path.startsWith('/proc/')), ...private_)
    .env({ HOME: '/tmp' })
    .caps('none')
    .noNewPrivileges()
    .landlock({ scopes: ['signal', 'abstract-unix-socket'], degrade: true })
    .seccomp('default')
    .rlimit('core', 0)
    .cpu(100, { degrade: true })
    .memory('512MiB', { degrade: true })
    .pids(256, { degrade: true })
    .timeout('60s');
}
