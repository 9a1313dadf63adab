/** What the mounts part asks of the kernel, as the plan that people read. */
import { orderSteps, renderPlan, type HostFacts, type NamespaceKind, type SharedFacts } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { contextOf, hybridHost, oldHost, rootHost, sectionWith, userHost } from './fixture.js';
import { independentNames } from './kinds/independent-names.js';
import { mounts } from './part.js';
import { escapeLayer } from './root/overlay.js';
import type { MountEntry, MountsSection } from './section.js';

interface Given {
  readonly host?: HostFacts;
  readonly unshared?: readonly NamespaceKind[];
  readonly facts?: Partial<SharedFacts>;
}

/** The plan without reasons: phases, labels and calls. */
function calls(fields: Partial<MountsSection>, given: Given = {}): string {
  const { host = rootHost, unshared = ['mount'], facts = {} } = given;
  const section = sectionWith(fields);
  const steps = orderSteps(mounts.plan(section, contextOf(section, host, unshared, facts)));
  return renderPlan({ version: 1, name: '', steps, warnings: [] })
    .split('\n')
    .filter((line) => /^ +\d+ \[|^ {6}/.test(line))
    .join('\n');
}

/** The calls of one entry only. */
function entryCalls(entry: MountEntry, given: Given = {}, fields: Partial<MountsSection> = {}): string {
  const { host = rootHost, unshared = ['mount'], facts = {} } = given;
  const section = sectionWith({ rootfs: { path: '/srv/root' }, entries: [entry], ...fields });
  const steps = mounts
    .plan(section, contextOf(section, host, unshared, facts))
    .filter(({ from }) => from === `mounts.entries[${String(section.entries.indexOf(entry))}]`);
  return renderPlan({ version: 1, name: '', steps, warnings: [] })
    .split('\n')
    .filter((line) => line.startsWith('      '))
    .map((line) => line.trim())
    .join('\n');
}

describe('the root', () => {
  test('nothing asked, nothing done', () => {
    expect(calls({}, { unshared: [] })).toBe('');
  });

  test('a new mount namespace is cut off from the host, even without any mount', () => {
    expect(calls({})).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)"
    `);
  });

  test('without a mount namespace, the root is opened by the launcher and entered by chroot', () => {
    expect(calls({ rootfs: { path: '/srv/root' } }, { unshared: ['pid'] })).toMatchInlineSnapshot(`
      "  1 [prepare] open the root directory /srv/root
            openat(AT_FDCWD, "/srv/root", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <root>
        2 [root] change the root directory
            fchdir(<root>)
            chroot(".")
            chdir("/")"
    `);
  });

  test('of some directories, a root in memory that has no other', () => {
    const rootfs = { path: '/srv/root', only: ['/usr', '/lib32'] };
    expect(calls({ rootfs, readonly: true })).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        2 [mounts] let new files have the modes that are asked for
            umask(0)
        3 [mounts] make a root in memory for /usr, /lib32 of /srv/root
            fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "mode", "0755", 0)
            fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
            fsmount(<mounts.context>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV) = <root>
            openat(AT_FDCWD, "/srv/root", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <mounts.source>
            openat2(<mounts.source>, "usr", {flags=O_PATH|O_DIRECTORY|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT
            open_tree(<mounts.target>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.only.0>
            openat2(<mounts.source>, "lib32", {flags=O_PATH|O_DIRECTORY|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT
            open_tree(<mounts.target>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.only.1>
            move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
        4 [mounts] mount /usr, /lib32 in it, read-only, as far as they are there
            fcntl(<mounts.only.0>, F_GETFD, 0)   or EBADF
            mount_setattr(<mounts.only.0>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
            mkdirat(<root>, "usr", 0755)
            move_mount(<mounts.only.0>, "", <root>, "usr", MOVE_MOUNT_F_EMPTY_PATH)
            fcntl(<mounts.only.1>, F_GETFD, 0)   or EBADF
            mount_setattr(<mounts.only.1>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
            mkdirat(<root>, "lib32", 0755)
            move_mount(<mounts.only.1>, "", <root>, "lib32", MOVE_MOUNT_F_EMPTY_PATH)
        5 [mounts] make the root read-only
            mount_setattr(<root>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
        6 [root] make the new root the root of the mount namespace, and detach the old one
            fchdir(<root>)
            pivot_root(".", ".")
            umount2(".", MNT_DETACH)
            chdir("/")"
    `);
  });

  test('a root in memory that can be written has a size', () => {
    const rootfs = { path: '/srv/root', only: ['/usr'] };
    const size = 'fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "size", "268435456", 0)';
    expect(calls({ rootfs })).toContain(size);
    expect(calls({ rootfs })).toContain('make a root in memory, of 256 MiB at most, for /usr of /srv/root');
    expect(calls({ rootfs, readonly: true })).not.toContain('"size"');
  });

  test('where nothing of the host is, nothing is masked: it would hide what is mounted there on purpose', () => {
    const labels = (fields: Partial<MountsSection>) => {
      const section = sectionWith({ rootfs: { path: '/', only: ['/usr', '/run'] }, readonly: true, ...fields });
      return mounts.plan(section, contextOf(section, rootHost, ['mount'], {})).map(({ label }) => label);
    };
    const entries: readonly MountEntry[] = [
      { kind: 'bind', source: '/srv/project', target: '/srv/project' },
      { kind: 'independent', name: 'procfs' },
    ];
    const all = ['/srv', '/home', '/run', '/usr/secret', '/proc/keys'];
    expect(labels({ entries, masked: all })).toContain('mask /run, /usr/secret, /proc/keys');
    expect(labels({ entries, masked: ['/srv', '/home'] }).join()).not.toContain('mask');
    expect(labels({ entries, masked: all, rootfs: { path: '/' } })).toContain(
      'mask /srv, /home, /run, /usr/secret and 1 more',
    );
  });

  test('with a mount namespace, the root is a copy and is entered by pivot_root', () => {
    expect(calls({ rootfs: { path: '/srv/root' }, readonly: true })).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        2 [mounts] copy the mounts of /srv/root as the new root, read-only
            open_tree(AT_FDCWD, "/srv/root", OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <root>
            mount_setattr(<root>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
            move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
        3 [root] make the new root the root of the mount namespace, and detach the old one
            fchdir(<root>)
            pivot_root(".", ".")
            umount2(".", MNT_DETACH)
            chdir("/")"
    `);
  });

  test('in the mount namespace of others, the root is only opened, after that was entered', () => {
    expect(calls({ rootfs: { path: '/srv/root' } }, { unshared: [], facts: { entered: ['mount'] } }))
      .toMatchInlineSnapshot(`
      "  1 [mounts] open the root directory /srv/root
            openat(AT_FDCWD, "/srv/root", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <root>
        2 [root] change the root directory
            fchdir(<root>)
            chroot(".")
            chdir("/")"
    `);
  });

  test('an overlay becomes read-only last, and its scratch goes before the old root does', () => {
    expect(calls({ rootfs: { overlay: { lower: ['/a', '/b'], size: 1024 } }, readonly: true, entry: 'chroot' }))
      .toMatchInlineSnapshot(`
        "  1 [mounts] make all mounts of the new mount namespace private
              mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
          2 [mounts] let new files have the modes that are asked for
              umask(0)
          3 [mounts] lay a throw-away writable layer of 1 KiB over "/a", "/b"
              fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
              fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
              fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "mode", "0755", 0)
              fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "size", "1024", 0)
              fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
              fsmount(<mounts.context>, FSMOUNT_CLOEXEC, 0) = <mounts.scratch>
              move_mount(<mounts.scratch>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
              mkdirat(<mounts.scratch>, "upper", 0755)
              mkdirat(<mounts.scratch>, "work", 0755)
              mkdirat(<mounts.scratch>, "root", 0755)
              fchdir(<mounts.scratch>)
              mount("overlay", "root", "overlay", 0, "lowerdir=/a:/b,upperdir=upper,workdir=work")
              open_tree(AT_FDCWD, "root", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <root>
              umount2(".", MNT_DETACH)
              move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
          4 [mounts] make the root read-only
              mount_setattr(<root>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
          5 [root] change the root directory
              fchdir(<root>)
              chroot(".")
              chdir("/")"
      `);
  });

  test('a layer that is kept is made by its owner, and mounted from its directory', () => {
    const rootfs = { overlay: { lower: ['/a'], keep: '/k' } };
    expect(calls({ rootfs })).toMatchInlineSnapshot(`
      "  1 [prepare] make sure that /k can keep the writable layer
            mkdirat(AT_FDCWD, "/k", 0700)   or EEXIST
            fchmodat(AT_FDCWD, "/k", 0700)
            mkdirat(AT_FDCWD, "/k/upper", 0755)   or EEXIST
            fchmodat(AT_FDCWD, "/k/upper", 0755)
            mkdirat(AT_FDCWD, "/k/work", 0755)   or EEXIST
            fchmodat(AT_FDCWD, "/k/work", 0755)
        2 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        3 [mounts] let new files have the modes that are asked for
            umask(0)
        4 [mounts] lay the writable layer of "/k" over "/a"
            openat(AT_FDCWD, "/k", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <mounts.scratch>
            fchdir(<mounts.scratch>)
            mount("/k", "upper", "overlay", 0, "lowerdir=/a,upperdir=upper,workdir=work,redirect_dir=nofollow,metacopy=off,index=off")
            open_tree(AT_FDCWD, "upper", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <root>
            umount2("upper", MNT_DETACH)
            move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
        5 [root] make the new root the root of the mount namespace, and detach the old one
            fchdir(<root>)
            pivot_root(".", ".")
            umount2(".", MNT_DETACH)
            chdir("/")"
    `);
  });

  test('the host in a user namespace is read-only, with a layer over each directory that can have one', () => {
    const plan = calls(
      { rootfs: { overlay: { lower: ['/'], size: 4096 } } },
      { host: userHost, unshared: ['mount', 'user'] },
    );
    expect(plan).toContain('copy the mounts of / as the new root, read-only');
    expect(plan).toContain('"size", "4096"');
    expect(plan.match(/mount\("overlay"/g)).toHaveLength(10);
  });

  test('in a user namespace, the overlay keeps its marks in user attributes', () => {
    expect(
      calls({ rootfs: { overlay: { lower: ['/a'] } } }, { host: userHost, unshared: ['mount', 'user'] }),
    ).toContain('lowerdir=/a,upperdir=upper,workdir=work,userxattr');
  });

  test('no character of a path is taken for an option', () => {
    expect(escapeLayer('/a:b,upperdir=/etc\\')).toBe('/a\\:b\\,upperdir=/etc\\\\');
  });

  test('without a new root, mounts go into the tree of the host as the namespace shows it', () => {
    expect(calls({ entries: [{ kind: 'tmpfs', target: '/tmp' }] })).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        2 [mounts] let new files have the modes that are asked for
            umask(0)
        3 [mounts] open the root directory /
            openat(AT_FDCWD, "/", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <root>
        4 [mounts] mount a new tmpfs on /tmp
            fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
            fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
            fsmount(<mounts.context>, FSMOUNT_CLOEXEC, 0) = <mounts.new>
            openat2(<root>, "/tmp", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
            move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });
});

describe('bind mounts', () => {
  const bind = { kind: 'bind', source: '/home/me', target: '/src' } as const;

  test('are restricted before they are attached, with all mounts below', () => {
    expect(entryCalls({ ...bind, readonly: true, nodev: true })).toMatchInlineSnapshot(`
      "open_tree(AT_FDCWD, "/home/me", OPEN_TREE_CLOEXEC) = <mounts.found.0>
      open_tree(<mounts.found.0>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.new>
      mount_setattr(<mounts.new>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NODEV, attr_clr=0, propagation=0, userns_fd=0}, 32)
      openat2(<root>, "/src", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test('need no mount_setattr when nothing is restricted', () => {
    expect(entryCalls({ ...bind, recursive: false })).toMatchInlineSnapshot(`
      "open_tree(AT_FDCWD, "/home/me", OPEN_TREE_CLOEXEC) = <mounts.found.0>
      open_tree(<mounts.found.0>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
      openat2(<root>, "/src", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test('that stay connected are opened before the tree becomes private', () => {
    expect(calls({ entries: [{ ...bind, propagation: 'slave' }] })).toMatchInlineSnapshot(`
      "  1 [mounts] open /home/me while later mounts still propagate
            open_tree(AT_FDCWD, "/home/me", OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.source.0>
        2 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        3 [mounts] let new files have the modes that are asked for
            umask(0)
        4 [mounts] open the root directory /
            openat(AT_FDCWD, "/", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <root>
        5 [mounts] bind /home/me on /src
            mount_setattr(<mounts.source.0>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=0, attr_clr=0, propagation=MS_SLAVE, userns_fd=0}, 32)
            openat2(<root>, "/src", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
            move_mount(<mounts.source.0>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test('before Linux 5.12 are restricted by a remount through the working directory', () => {
    expect(entryCalls({ ...bind, readonly: true, recursive: false }, { host: oldHost })).toMatchInlineSnapshot(`
      "open_tree(AT_FDCWD, "/home/me", OPEN_TREE_CLOEXEC) = <mounts.found.0>
      open_tree(<mounts.found.0>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
      openat2(<root>, "/src", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
      openat(AT_FDCWD, ".", O_PATH|O_CLOEXEC, 0) = <mounts.here>
      fchdir(<mounts.new>)
      mount(NULL, ".", NULL, MS_REMOUNT|MS_BIND|MS_RDONLY, NULL)
      fchdir(<mounts.here>)"
    `);
  });

  test('never create their target on the host', () => {
    expect(entryCalls(bind)).not.toMatch(/mkdirat|mknodat/);
  });

  test('get a missing target in a throw-away root: like the source, and never beyond that root', () => {
    const section = { rootfs: { overlay: { lower: ['/'] } }, entries: [{ ...bind, target: '/a/b' }] };
    expect(entryCalls(section.entries[0] as MountEntry, {}, section)).toMatchInlineSnapshot(`
      "open_tree(AT_FDCWD, "/home/me", OPEN_TREE_CLOEXEC) = <mounts.found.0>
      open_tree(<mounts.found.0>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.new>
      openat2(<root>, "/a/b", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT
      mkdirat(<root>, "a", 0755)   or EEXIST
      openat2(<root>, "a", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS|RESOLVE_NO_XDEV}, 24) = <mounts.parent>
      openat(<mounts.new>, ".", O_PATH|O_CLOEXEC, 0) = <mounts.probe>   or ENOTDIR
      mkdirat(<mounts.parent>, "b", 0755)   or EEXIST
      mknodat(<mounts.parent>, "b", S_IFREG|0644, 0)   or EEXIST
      openat2(<root>, "/a/b", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test('get a missing target in a tmpfs, but not in a bind mount on that tmpfs', () => {
    const tmpfs = { kind: 'tmpfs', target: '/run/' } as const;
    const within = { ...bind, target: '/run/a' };
    expect(entryCalls(within, {}, { entries: [tmpfs, within] })).toContain('openat2(<root>, "/run"');
    const outer = { ...bind, target: '/run/host' };
    const inner = { ...bind, target: '/run/host/a' };
    expect(entryCalls(inner, {}, { entries: [tmpfs, outer, inner] })).not.toContain('mkdirat');
    const readonly = { ...tmpfs, readonly: true };
    expect(entryCalls(within, {}, { entries: [readonly, within] })).not.toContain('mkdirat');
  });
});

describe('filesystems', () => {
  test('by type get their options one by one', () => {
    expect(
      entryCalls({
        kind: 'filesystem',
        type: 'ext4',
        source: '/dev/vdb',
        target: '/data',
        data: 'nodiscard,commit=5',
        readonly: true,
      }),
    ).toMatchInlineSnapshot(`
      "fsopen("ext4", FSOPEN_CLOEXEC) = <mounts.context>
      fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "/dev/vdb", 0)
      fsconfig(<mounts.context>, FSCONFIG_SET_FLAG, "ro", NULL, 0)
      fsconfig(<mounts.context>, FSCONFIG_SET_FLAG, "nodiscard", NULL, 0)
      fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "commit", "5", 0)
      fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
      fsmount(<mounts.context>, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY) = <mounts.new>
      openat2(<root>, "/data", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test('tmpfs has a size and a mode', () => {
    expect(entryCalls({ kind: 'tmpfs', target: '/tmp', size: 4096, mode: 0o700, nosuid: true })).toMatchInlineSnapshot(`
      "fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
      fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
      fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "mode", "0700", 0)
      fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "size", "4096", 0)
      fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
      fsmount(<mounts.context>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID) = <mounts.new>
      openat2(<root>, "/tmp", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test('the host name resolution is bound file by file', () => {
    expect(entryCalls({ kind: 'network-etc', hostEtc: '/etc/netns/blue/' })).toMatchInlineSnapshot(`
      "open_tree(AT_FDCWD, "/etc/netns/blue/resolv.conf", OPEN_TREE_CLOEXEC) = <mounts.found.0.resolv.conf>
      open_tree(AT_FDCWD, "/etc/netns/blue/hosts", OPEN_TREE_CLOEXEC) = <mounts.found.0.hosts>
      open_tree(<mounts.found.0.resolv.conf>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
      mount_setattr(<mounts.new>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
      openat2(<root>, "/etc/resolv.conf", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
      open_tree(<mounts.found.0.hosts>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
      mount_setattr(<mounts.new>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
      openat2(<root>, "/etc/hosts", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
      move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });

  test.each(independentNames)('%s', (name) => {
    expect(entryCalls({ kind: 'independent', name })).toMatchSnapshot();
  });

  test('cgroup on a hybrid host: every hierarchy with all of its controllers, links for those that share one', () => {
    expect(entryCalls({ kind: 'independent', name: 'cgroup' }, { host: hybridHost })).toMatchSnapshot();
  });

  test.each([hybridHost, undefined])('a writable cgroup is read-only nowhere', (host) => {
    const entry = { kind: 'independent', name: 'cgroup' } as const;
    const given = host === undefined ? {} : { host };
    expect(entryCalls(entry, given)).toContain('RDONLY');
    expect(entryCalls({ ...entry, writable: true }, given)).not.toContain('RDONLY');
  });

  test('cgroup without a group of its own: that of its caller, for root of a user namespace', () => {
    const { v1, v2, ...rest } = hybridHost.cgroups;
    const closed = { ownGroup: '/of/caller', writable: false };
    const host: HostFacts = {
      ...hybridHost,
      userNamespaces: { ...hybridHost.userNamespaces, uids: [{ start: 0, count: 10 }] },
      cgroups: {
        ...rest,
        v1: Object.fromEntries(Object.entries(v1).map(([name, mount]) => [name, { ...mount, ...closed }])),
        ...(v2 === undefined ? {} : { v2 }),
      },
    };
    for (const facts of [{}, { cgroupPath: '/x' }]) {
      const plan = entryCalls({ kind: 'independent', name: 'cgroup' }, { host, facts });
      expect(plan).toContain('memory/of/caller"');
      expect(plan).not.toContain('fsopen("cgroup');
    }
    expect(entryCalls({ kind: 'independent', name: 'cgroup' }, { host, facts: { cgroupPath: '/x' } })).toContain(
      `${v2?.mountPoint ?? ''}/x`,
    );
  });

  test('devices are bound for root of a user namespace', () => {
    const host = { ...rootHost, userNamespaces: { ...rootHost.userNamespaces, uids: [{ start: 0, count: 10 }] } };
    expect(entryCalls({ kind: 'independent', name: 'dev' }, { host })).not.toContain('S_IFCHR');
    const nodes = [{ path: '/dev/null', type: 'c', major: 1, minor: 3 }] as const;
    expect(entryCalls({ kind: 'nodes', devices: nodes }, { host })).toContain('open_tree(AT_FDCWD, "/dev/null"');
  });

  test('dev in a user namespace: devices of the host, opened before its /dev is hidden', () => {
    const plan = entryCalls({ kind: 'independent', name: 'dev' }, { host: userHost, unshared: ['mount', 'user'] });
    expect(plan).not.toContain('S_IFCHR');
    expect(plan.indexOf('open_tree(AT_FDCWD, "/dev/null"')).toBeLessThan(plan.indexOf('fsopen("tmpfs"'));
    expect(plan.match(/move_mount/g)).toHaveLength(9);
  });

  test('dev shows the message queues only of an ipc namespace of its own', () => {
    const entry = { kind: 'independent', name: 'dev' } as const;
    expect(entryCalls(entry)).not.toContain('mqueue');
    expect(entryCalls(entry, { unshared: ['mount', 'ipc'] })).toContain('fsopen("mqueue"');
  });

  test('devpts belongs to the group tty where that exists', () => {
    const entry = { kind: 'independent', name: 'devpts' } as const;
    expect(entryCalls(entry)).toContain('"gid", "5"');
    expect(entryCalls(entry, { host: userHost, unshared: ['mount', 'user'] })).not.toContain('"gid"');
  });
});

describe('what is restricted', () => {
  test('masks come last, from sources outside of the root, and are verified', () => {
    expect(calls({ rootfs: { path: '/srv/root' }, masked: ['/proc/kcore'] })).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        2 [mounts] let new files have the modes that are asked for
            umask(0)
        3 [mounts] copy the mounts of /srv/root as the new root
            open_tree(AT_FDCWD, "/srv/root", OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <root>
        4 [mounts] keep in memory what the tree takes from there: contents of files, writable layers, an empty directory
            fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "mode", "0700", 0)
            fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
            fsmount(<mounts.context>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID) = <mounts.store>
            mkdirat(<mounts.store>, "empty", 0755)
            move_mount(<mounts.store>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
            move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
        5 [mounts] mask /proc/kcore
            statx(<mounts.store>, "empty", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &mounts.seen.empty)
            statx(AT_FDCWD, "/dev/null", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &mounts.seen.null)
            (go on only if mounts.seen.null tells of a character device)
            (go on only if mounts.seen.null tells of the device 1:3)
            openat2(<root>, "/proc/kcore", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR
            openat2(<root>, "/proc/kcore", {flags=O_PATH|O_DIRECTORY|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.probe>   or ENOTDIR
            open_tree(<mounts.store>, "empty", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
            close(<mounts.probe>)
            open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
            mount_setattr(<mounts.new>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
            move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
        6 [mounts] make sure that /proc/kcore is masked
            openat2(<root>, "/proc/kcore", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR
            statx(<mounts.target>, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &mounts.seen)
            openat2(<root>, "/proc/kcore", {flags=O_PATH|O_DIRECTORY|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.probe>   or ENOTDIR
            (go on only if mounts.seen tells of the inode of the empty directory of the store)
            (go on only if mounts.seen tells of the filesystem of the empty directory of the store)
            close(<mounts.probe>)
            (go on only if mounts.seen tells of the inode of the null device)
            (go on only if mounts.seen tells of the filesystem of the null device)
        7 [mounts] move the store into the old root, which goes next
            move_mount(<mounts.store>, "", AT_FDCWD, "/dev", MOVE_MOUNT_F_EMPTY_PATH)   or ENOENT
            move_mount(<mounts.store>, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH)
            move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
        8 [root] make the new root the root of the mount namespace, and detach the old one
            fchdir(<root>)
            pivot_root(".", ".")
            umount2(".", MNT_DETACH)
            chdir("/")"
    `);
  });

  test('read-only paths are bound on themselves, and a write must be refused', () => {
    expect(calls({ rootfs: { path: '/srv/root' }, readonlyPaths: ['/proc/sys'] })).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        2 [mounts] copy the mounts of /srv/root as the new root
            open_tree(AT_FDCWD, "/srv/root", OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <root>
            move_mount(<root>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
        3 [mounts] make /proc/sys read-only, with all mounts below
            openat2(<root>, "/proc/sys", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR
            open_tree(<mounts.target>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.new>
            mount_setattr(<mounts.new>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)
            move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
        4 [mounts] make sure that /proc/sys can't be written
            openat2(<root>, "/proc/sys", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR
            faccessat2(<mounts.target>, "", W_OK, AT_EMPTY_PATH)   or EROFS, EACCES
        5 [root] make the new root the root of the mount namespace, and detach the old one
            fchdir(<root>)
            pivot_root(".", ".")
            umount2(".", MNT_DETACH)
            chdir("/")"
    `);
  });

  test('directories above one that could be renamed become mount points: before it in a root, after it without one', () => {
    const steps = (section: Partial<MountsSection>): readonly string[] =>
      calls({ readonlyPaths: ['/work/.git/hooks', '/work/x', '/proc/sys/kernel'], ...section })
        .split('\n')
        .filter((line) => / keep |read-only, with/.test(line))
        .map((line) => line.trim().replace(/^\d+ \[mounts\] /, ''));
    const readonly = 'make /work/.git/hooks, /work/x, /proc/sys/kernel read-only, with all mounts below';
    const root = { path: '/srv/root' };
    expect(steps({ rootfs: root })).toEqual(['keep /work, /work/.git in their places, as mount points', readonly]);
    expect(steps({})).toEqual([readonly, 'keep /work/.git, /work in their places, as mount points']);
    // A mount point already, and a root in which nothing can be renamed.
    const bind: MountEntry = { kind: 'bind', source: '/srv', target: '/work' };
    expect(steps({ rootfs: root, entries: [bind] })).toEqual([
      'keep /work/.git in its place, as a mount point',
      readonly,
    ]);
    expect(steps({ rootfs: root, readonly: true })).toEqual([readonly]);
    expect(steps({ rootfs: root, entries: [{ ...bind, readonly: true }] })).toEqual([readonly]);
    // As other OCI runtimes do.
    expect(steps({ rootfs: root, stubs: true })).toEqual([readonly]);
  });

  test('a file is written into the store, whose mount goes away again', () => {
    const entry: MountEntry = { kind: 'file', target: '/etc/x', content: { text: 'hello' } };
    expect(calls({ entries: [entry] })).toMatchInlineSnapshot(`
      "  1 [mounts] make all mounts of the new mount namespace private
            mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
        2 [mounts] let new files have the modes that are asked for
            umask(0)
        3 [mounts] open the root directory /
            openat(AT_FDCWD, "/", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <root>
        4 [mounts] keep in memory what the tree takes from there: contents of files, writable layers, an empty directory
            openat(AT_FDCWD, ".", O_PATH|O_CLOEXEC, 0) = <mounts.here>
            fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
            fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "mode", "0700", 0)
            fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
            fsmount(<mounts.context>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID) = <mounts.store>
            mkdirat(<mounts.store>, "empty", 0755)
            openat(<mounts.store>, "file.0", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = <mounts.file>
            write(<mounts.file>, <5 bytes>, 5)
            close(<mounts.file>)
            move_mount(<mounts.store>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
            open_tree(<mounts.store>, "file.0", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.copy.0>
            fchdir(<mounts.store>)
            umount2(".", MNT_DETACH)
            fchdir(<mounts.here>)
        5 [mounts] show 5 bytes as the file /etc/x, read-only
            mount_setattr(<mounts.copy.0>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV, attr_clr=0, propagation=0, userns_fd=0}, 32)
            openat2(<root>, "/etc/x", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
            move_mount(<mounts.copy.0>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
    `);
  });
});

test('an idmapped bind is made by the launcher, and handed over', () => {
  const entry: MountEntry = { kind: 'bind', source: '/a', target: '/b', idmap: 'container', readonly: true };
  const plan = calls({ rootfs: { path: '/srv/root' }, entries: [entry] }, { unshared: ['mount', 'user'] });
  expect(
    plan
      .split('\n')
      .filter((line) => /idmapped|IDMAP|ns\/user/.test(line))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "      socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_CLOEXEC, 0, &mounts.idmapped.pair)
          openat(AT_FDCWD, "/proc/<child>", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <mounts.idmapped.made>
          openat(<mounts.idmapped.made>, "ns/user", O_RDONLY|O_CLOEXEC, 0) = <mounts.idmapped.users>
          close(<mounts.idmapped.made>)
          open_tree(AT_FDCWD, "/a", OPEN_TREE_CLONE|AT_RECURSIVE|OPEN_TREE_CLOEXEC) = <mounts.idmapped.made>
          mount_setattr(<mounts.idmapped.made>, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_IDMAP, attr_clr=0, propagation=MS_PRIVATE, userns_fd=<mounts.idmapped.users>}, 32)
          sendmsg(<mounts.idmapped.sender>, {name=0, namelen=0, iov={base="x", length=1}, iovlen=1, control={len=20, level=SOL_SOCKET, type=SCM_RIGHTS, fd=<mounts.idmapped.made>, padding=0}, controllen=24, flags=0}, 0)
          close(<mounts.idmapped.made>)
          close(<mounts.idmapped.users>)
          close(<mounts.idmapped.sender>)
          close(<mounts.idmapped.receiver>)
      3 [mounts] take the idmapped copies of /a
          recvmsg(<mounts.idmapped.receiver>, {name=0, namelen=0, iov={base=&mounts.idmapped.0.data, length=1}, iovlen=1, control=&mounts.idmapped.0, controllen=24, flags=0}, MSG_CMSG_CLOEXEC)
      7 [mounts] bind /a on /b, idmapped, read-only"
  `);
});

test('without a root, a layer is laid in a store of its own, which is there only when its target is found', () => {
  const entry: MountEntry = { kind: 'overlay', target: '/data', optional: true };
  expect(calls({ entries: [entry] })).toMatchInlineSnapshot(`
    "  1 [mounts] make all mounts of the new mount namespace private
          mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
      2 [mounts] let new files have the modes that are asked for
          umask(0)
      3 [mounts] open the root directory /
          openat(AT_FDCWD, "/", O_PATH|O_DIRECTORY|O_CLOEXEC, 0) = <root>
      4 [mounts] lay a throw-away writable layer over /data, where it can be
          openat2(<root>, "/data", {flags=O_PATH|O_DIRECTORY|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS|RESOLVE_NO_SYMLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR, ELOOP
          open_tree(<mounts.target>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.lower>   or EINVAL
          openat(AT_FDCWD, ".", O_PATH|O_CLOEXEC, 0) = <mounts.here>
          fsopen("tmpfs", FSOPEN_CLOEXEC) = <mounts.context>
          fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "source", "tmpfs", 0)
          fsconfig(<mounts.context>, FSCONFIG_SET_STRING, "mode", "0700", 0)
          fsconfig(<mounts.context>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
          fsmount(<mounts.context>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID) = <mounts.store>
          mkdirat(<mounts.store>, "lower.0", 0755)
          move_mount(<mounts.store>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)
          move_mount(<mounts.lower>, "", <mounts.store>, "lower.0", MOVE_MOUNT_F_EMPTY_PATH)
          mkdirat(<mounts.store>, "upper.0", 0755)
          mkdirat(<mounts.store>, "work.0", 0755)
          fchdir(<mounts.store>)
          mount("overlay", "work.0", "overlay", 0, "lowerdir=lower.0,upperdir=upper.0,workdir=work.0")
          open_tree(<mounts.store>, "work.0", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
          fchdir(<mounts.store>)
          umount2(".", MNT_DETACH)
          fchdir(<mounts.here>)
          move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
  `);
});

test('without a root, the first directory that is masked gets the one that was made, others copies of it', () => {
  const masked = calls({ masked: ['/a', '/b'] });
  expect(masked.match(/open_tree\(<mounts.copy.empty>, ""/g)).toHaveLength(2);
  expect(masked.indexOf('umount2(')).toBeLessThan(masked.indexOf('openat2('));
});

test('a layer is laid over what is at its target, by names in the store', () => {
  expect(entryCalls({ kind: 'overlay', target: '/data' })).toMatchInlineSnapshot(`
    "openat2(<root>, "/data", {flags=O_PATH|O_DIRECTORY|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>
    open_tree(<mounts.target>, "", AT_EMPTY_PATH|OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.lower>
    mkdirat(<mounts.store>, "lower.0", 0755)
    move_mount(<mounts.lower>, "", <mounts.store>, "lower.0", MOVE_MOUNT_F_EMPTY_PATH)
    mkdirat(<mounts.store>, "upper.0", 0755)
    mkdirat(<mounts.store>, "work.0", 0755)
    fchdir(<mounts.store>)
    mount("overlay", "work.0", "overlay", 0, "lowerdir=lower.0,upperdir=upper.0,workdir=work.0")
    open_tree(<mounts.store>, "work.0", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>
    move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)"
  `);
  expect(entryCalls({ kind: 'overlay', target: '/data', optional: true })).toContain('RESOLVE_NO_SYMLINKS');
});

test('nothing is mounted on a path by name', () => {
  const section = sectionWith({
    rootfs: { overlay: { lower: ['/'] } },
    readonly: true,
    masked: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    entries: [
      { kind: 'tmpfs', target: '/a' },
      { kind: 'bind', source: '/c', target: '/c', propagation: 'shared' },
      { kind: 'filesystem', type: 'ext4', source: '/dev/vdb', target: '/d' },
      { kind: 'file', target: '/e', content: { text: 'x' } },
      { kind: 'overlay', target: '/f' },
      { kind: 'network-etc', hostEtc: '/etc' },
      ...independentNames.map((name) => ({ kind: 'independent', name }) as const),
    ],
  });
  for (const host of [rootHost, hybridHost, oldHost]) {
    const operations = mounts.plan(section, contextOf(section, host, ['mount'])).flatMap((step) => step.operations);
    // "/" is the root of the host before it is left, and in its "/dev", or "/proc", the store goes with it; names without a slash are
    // those of descriptors.
    const named = operations.flatMap((operation) => {
      if (operation.op !== 'syscall') return [];
      if (operation.name === 'mount') return [operation.args[1]];
      return operation.name === 'move_mount' ? [operation.args[1], operation.args[3]] : [];
    });
    expect(new Set(named)).toEqual(
      new Set(['/', '/dev', '/proc', 'root', '', 'lower.4', 'work.4', ...(host === oldHost ? ['.'] : [])]),
    );
  }
});

test('other parts hear what becomes of the root', () => {
  expect(mounts.facts(sectionWith({}))).toEqual({
    changesRoot: false,
    rootfsIsThrowAway: false,
    ownDevpts: false,
    ownDev: false,
  });
  expect(
    mounts.facts(
      sectionWith({ rootfs: { overlay: { lower: ['/a'] } }, entries: [{ kind: 'independent', name: 'dev' }] }),
    ),
  ).toEqual({ changesRoot: true, rootfs: '/a', rootfsIsThrowAway: true, ownDevpts: true, ownDev: true });
  const covered = [
    { kind: 'independent', name: 'dev' },
    { kind: 'bind', source: '/dev', target: '/dev/' },
  ] as const;
  expect(mounts.facts(sectionWith({ entries: covered }))).toMatchObject({ ownDev: false });
});

test('step ids are unique', () => {
  const section = sectionWith({
    rootfs: { overlay: { lower: ['/'] } },
    readonly: true,
    entries: [
      { kind: 'tmpfs', target: '/a' },
      { kind: 'tmpfs', target: '/b' },
      { kind: 'bind', source: '/c', target: '/c', propagation: 'shared' },
      { kind: 'bind', source: '/d', target: '/d' },
      { kind: 'network-etc', hostEtc: '/etc' },
      ...independentNames.map((name) => ({ kind: 'independent', name }) as const),
    ],
  });
  const ids = mounts.plan(section, contextOf(section, hybridHost, ['mount'])).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

describe('lxcfs', () => {
  test('comes after all mounts; only what every version has must be there', () => {
    const text = calls({ lxcfs: '/lx/', entries: [{ kind: 'tmpfs', target: '/t' }] });
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes('what LXCFS shows in /lx '));
    expect(lines.slice(0, at).some((line) => line.includes('/t'))).toBe(true);
    expect(lines.slice(at + 1, at + 9).map((line) => line.trim())).toMatchInlineSnapshot(`
      [
        "openat2(<root>, "/proc/meminfo", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR",
        "open_tree(AT_FDCWD, "/lx/proc/meminfo", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>",
        "mount_setattr(<mounts.new>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC, attr_clr=0, propagation=0, userns_fd=0}, 32)",
        "move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)",
        "openat2(<root>, "/proc/cpuinfo", {flags=O_PATH|O_CLOEXEC, mode=0, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = <mounts.target>   or ENOENT, ENOTDIR",
        "open_tree(AT_FDCWD, "/lx/proc/cpuinfo", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = <mounts.new>   or ENOENT",
        "mount_setattr(<mounts.new>, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC, attr_clr=0, propagation=0, userns_fd=0}, 32)",
        "move_mount(<mounts.new>, "", <mounts.target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)",
      ]
    `);
  });
});
