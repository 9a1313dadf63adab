/** The isolation that users of Docker expect. */
import { dockerMaskedPaths, dockerReadonlyPaths } from '@haco/mounts';
import type { HasNamespace } from '@haco/plan';
import type { Builder } from '../builder.js';
import { haco } from '../haco.js';

/** The namespaces of {@link container}. */
type Contained = HasNamespace<'mount' | 'uts' | 'ipc' | 'pid' | 'net' | 'user' | 'cgroup'>;

/**
 * A builder for programs of an image, with what Docker gives them by default: its capabilities, its masked and read-only paths, a `/dev`,
 * `/proc` and `/sys` of its own, no_new_privs, the seccomp profile `default`, and a cgroup of its own with at most 2048 processes (as Podman;
 * without a delegated cgroup `Outcome.enforced` says `refused`). Name the root with `chroot()` or `rootfs()`.
 *
 * Beyond Docker's default: a user namespace, in which root is whoever `mapUsers()` says (for a caller that is root: root; else the caller and
 * its ranges of `/etc/subuid`). Unlike there: no network but `lo`, until `network('bridge')` or another says which.
 *
 * @example
 * ```ts
 * import { container } from '@haco/core';
 * const result = await container().chroot('/srv/roots/debian', { overlay: true }).command('apt-get', '--version').run();
 * ```
 *
 * @see docs/presets.md, what it defends against and what it doesn't
 */
export function container(): Builder & Contained;
/**
 * The same, on a builder of the caller's.
 *
 * @param builder - e.g. one with parts of third parties
 */
export function container<B extends Builder>(builder: B): B & Contained;
export function container(builder: Builder = haco()): Builder & Contained {
  return builder
    .unshare('user', 'mount', 'pid', 'ipc', 'uts', 'cgroup')
    .network('none')
    .mapUsers('auto')
    .mapGroups('auto')
    .independent('procfs', 'dev', 'sysfs', 'cgroup')
    .readonlyPaths(...dockerReadonlyPaths)
    .mask(...dockerMaskedPaths)
    .caps('docker')
    .noNewPrivileges()
    .seccomp('default')
    .pids(2048, { degrade: true });
}
