/** The verbs of namespaces: their types and their documentation. */
import type { HasNamespace, NamespaceKind } from '@haco/plan';
import type { IdMapping, TimeOffsets } from './section.js';

/** Which namespace to enter: a file (as `ip netns` makes in `/run/netns`), or the one that a process or a container is in. */
export type EnterTarget =
  | { readonly path: string }
  | { readonly pid: number; readonly startTime?: number }
  | { readonly container: { readonly pid: number; readonly startTime?: number } };

/** Verbs by which a container gets namespaces of its own, or shares those of others. */
export interface NamespaceMethods {
  /**
   * Create new namespaces. Calls add up.
   *
   * All of them come from one `clone3(2)`, so that a user namespace among them owns the others. Without `user`, this needs
   * CAP_SYS_ADMIN (root).
   *
   * @param kinds any of `mount uts ipc pid net user cgroup time`
   * @see namespaces(7), clone(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const plan = await haco().unshare('pid', 'uts').command('/bin/true').explain();
   * ```
   */
  unshare<const K extends readonly NamespaceKind[]>(...kinds: K): this & HasNamespace<K[number]>;

  /**
   * Join an existing namespace. Calls add up, one namespace of each kind.
   *
   * The namespace is opened before anything else happens, so a process that is gone is an error, not another's namespace. A container
   * is known by its pid and the moment of its start: one that has ended is a `state` error, whoever has its pid now. A bare `{ pid }` is
   * whoever has it at the start; add its `startTime` (field 22 of proc_pid_stat(5)) to be sure.
   *
   * @param target `{ path }` of a namespace file, `{ pid }` of a process, or `{ container }` that is running
   * @see setns(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const inNetns = haco().enter('net', { path: '/run/netns/blue' }).command('ip', 'address');
   * ```
   */
  enter<const K extends NamespaceKind>(kind: K, target: EnterTarget): this & HasNamespace<K>;

  /**
   * Keep a new namespace alive as a file after the container has ended, to be entered by others. Calls add up.
   *
   * A namespace that an earlier container left at the path is replaced. A start that fails keeps nothing; what was kept stays when this
   * program is killed. End it with `umount` and `rm`.
   *
   * @param path absolute path on the host; an empty file is made when there is none
   * @see namespaces(7), "Namespace lifetime"
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const named = haco().unshare('net').persist('net', '/run/netns/blue').command('ip', 'link', 'set', 'lo', 'up');
   * ```
   */
  persist<const K extends NamespaceKind, B extends HasNamespace<K>>(this: B, kind: K, path: string): B;

  /**
   * Host name inside the container; the last call counts. Without it, a new uts namespace is named after the container.
   *
   * @param name 1 to 64 bytes, any but NUL: to the kernel it is a text, in which a slash or `..` means nothing
   * @see sethostname(2)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const named = haco().unshare('uts').hostname('web-1').command('hostname');
   * ```
   */
  hostname<B extends HasNamespace<'uts'>>(this: B, name: string): B;

  /**
   * NIS domain name inside the container; the last call counts.
   *
   * @param name 1 to 64 bytes
   * @see setdomainname(2)
   */
  domainname<B extends HasNamespace<'uts'>>(this: B, name: string): B;

  /**
   * A setting below `/proc/sys` that a namespace of the container has for itself alone: `net.*` (net), System V IPC and `fs.mqueue.*` (ipc),
   * `kernel.domainname` (uts). Settings of the whole machine, and of namespaces that aren't the container's own, are refused. Calls add
   * up by name.
   *
   * @param name as sysctl(8) writes it; with slashes where a part has dots: `net/ipv4/conf/eth0.1/forwarding`
   * @see proc_sys(5), sysctl(8)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const low = haco().unshare('net').sysctl('net.ipv4.ip_unprivileged_port_start', 0).command('httpd');
   * ```
   */
  sysctl(name: string, value: string | number): this;

  /**
   * Which users outside the users inside are; the last call counts.
   *
   * - `'self'`: root inside is the caller outside, nobody else exists. Needs no privilege.
   * - `'auto'`: the most that the caller may map: as root all ids, one to one; else itself as root and its ranges of
   *   `/etc/subuid` (written by `newuidmap`), or `'self'` when it has none.
   * - `'nobody'`: the least that is possible: for root, root inside is the user nobody (65534) outside, who owns no file of the
   *   host; else as `'self'`.
   * - ranges `{ inside, outside, count }`.
   *
   * Without this, root gets `'auto'` and everybody else `'self'`.
   *
   * @see user_namespaces(7), newuidmap(1)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const ids = [{ inside: 0, outside: 100_000, count: 65_536 }];
   * const mapped = haco().unshare('user').mapUsers(ids).mapGroups(ids).command('id');
   * ```
   */
  mapUsers<B extends HasNamespace<'user'>>(this: B, map: IdMapping): B;

  /**
   * Which groups outside the groups inside are; the last call counts. Takes what {@link NamespaceMethods.mapUsers} takes.
   *
   * With `'self'`, the kernel demands that `setgroups(2)` is switched off inside.
   *
   * @see user_namespaces(7), newgidmap(1)
   */
  mapGroups<B extends HasNamespace<'user'>>(this: B, map: IdMapping): B;

  /**
   * Move the container's monotonic and boot-time clocks, e.g. so that `uptime` begins at zero or timers run out; the last call
   * counts. Needs root.
   *
   * @param offsets milliseconds, may be negative as long as the clock isn't
   * @see time_namespaces(7)
   * @example
   * ```ts
   * import { haco } from '@haco/core';
   * const later = haco().unshare('time').timeOffsets({ boottimeMs: 86_400_000 }).command('uptime');
   * ```
   */
  timeOffsets<B extends HasNamespace<'time'>>(this: B, offsets: TimeOffsets): B;
}
