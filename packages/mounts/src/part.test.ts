/** Sections from JSON, what makes no sense, what this host will refuse, and the verbs. */
import { Rejected, type HostFacts, type NamespaceKind } from '@haco/plan';
import { describe, expect, test } from 'vitest';
import { contextOf, oldHost, rootHost, sectionWith, userHost } from './fixture.js';
import { independentNames } from './kinds/independent-names.js';
import { mounts } from './part.js';
import { emptySection, type MountEntry, type MountsSection } from './section.js';

const { verbs } = mounts;

function problems(fields: Partial<MountsSection>, unshared: readonly NamespaceKind[] = ['mount']): readonly string[] {
  const section = sectionWith(fields);
  return mounts
    .validate(section, contextOf(section, rootHost, unshared))
    .map(({ path, message }) => `${path}: ${message}`);
}

describe('verbs', () => {
  test('chroot replaces what an earlier one said', () => {
    const first = verbs.chroot(emptySection, '/a', { readonly: true, overlay: { size: '1MiB' } }) as MountsSection;
    expect(first).toEqual({ entries: [], readonly: true, rootfs: { overlay: { lower: ['/a'], size: 1_048_576 } } });
    expect(verbs.chroot(first, '/b', { mode: 'chroot' })).toEqual({
      entries: [],
      entry: 'chroot',
      rootfs: { path: '/b' },
    });
  });

  test('chroot takes some directories only, and then no overlay', () => {
    const only = ['/usr', '/etc'];
    expect(verbs.chroot(emptySection, '/', { only })).toEqual({ entries: [], rootfs: { path: '/', only } });
    expect(verbs.chroot(emptySection, '/', { only, overlay: true })).toMatchObject({
      issues: [
        {
          path: 'mounts.rootfs.only',
          message: 'takes no overlay over it; lay one over each directory with overlay()',
        },
      ],
    });
  });

  test('chroot refuses what JSON can not say either, in the same words', () => {
    for (const [options, field] of [
      [{ mode: 'x' }, { entry: 'x' }],
      [
        { mode: 7, readonly: 'yes' },
        { entry: 7, readonly: 'yes' },
      ],
    ]) {
      const rejected = verbs.chroot(emptySection, '/a', options as never);
      expect(rejected).toBeInstanceOf(Rejected);
      expect((rejected as Rejected).issues).toEqual(
        mounts
          .parse({ entries: [], ...field })
          ._unsafeUnwrapErr()
          .map(({ path, message }) => ({ path: `mounts.${path}`, message })),
      );
    }
  });

  test('an option that is neither true nor false restricts nothing, and is refused', () => {
    const issues = (outcome: unknown) =>
      outcome instanceof Rejected ? outcome.issues.map(({ path, message }) => `${path}: ${message}`) : [];
    const given = { readonly: 'yes', noexec: 1, recursive: 'no', propagation: 'rslave' } as never;
    expect(issues(verbs.mount(emptySection, '/a', '/b', given))).toMatchInlineSnapshot(`
      [
        "mounts.entries[0].readonly: must be true or false",
        "mounts.entries[0].noexec: must be true or false",
        "mounts.entries[0].recursive: must be true or false",
        "mounts.entries[0].propagation: must be one of "private", "slave", "shared", "unbindable"",
      ]
    `);
    expect(issues(verbs.tmpfs(emptySection, '/b', { nodev: null } as never))).toHaveLength(1);
    expect(issues(verbs.mount(emptySection, '/a', '/b', { readonly: false, propagation: 'slave' }))).toEqual([]);
  });

  test('mount binds without a type, and mounts with one', () => {
    expect(verbs.mount(emptySection, '/a', '/b', { readonly: true })).toEqual({
      entries: [{ kind: 'bind', source: '/a', target: '/b', readonly: true }],
    });
    expect(verbs.mount(emptySection, '/dev/vdb', '/b', { type: 'ext4', data: 'commit=5' })).toEqual({
      entries: [{ kind: 'filesystem', type: 'ext4', source: '/dev/vdb', target: '/b', data: 'commit=5' }],
    });
    expect(verbs.mount(emptySection, '/a', '/b', { data: 'x' })).toBeInstanceOf(Rejected);
    expect(verbs.mount(emptySection, 'x', '/b', { type: 'ext4', recursive: true })).toBeInstanceOf(Rejected);
  });

  test('lxcfs brings the procfs that it covers, unless one is there', () => {
    const procfs = { kind: 'independent', name: 'procfs' };
    expect(verbs.lxcfs(emptySection)).toEqual({ entries: [procfs], lxcfs: '/var/lib/lxcfs' });
    const hidden = verbs.independent(emptySection, { name: 'procfs', hidepid: 'invisible' }) as MountsSection;
    expect(verbs.lxcfs(hidden, '/lx')).toEqual({ entries: [{ ...procfs, hidepid: 'invisible' }], lxcfs: '/lx' });
    expect(verbs.lxcfs(emptySection, 5 as never)).toBeInstanceOf(Rejected);
    expect(problems({ lxcfs: 'lx' })).toEqual([
      'mounts.lxcfs: "lx" is not an absolute path; give the whole one, e.g. by path.resolve("lx")',
    ]);
    expect(problems({ lxcfs: '/lx' }, [])).toEqual([
      'mounts.lxcfs: would be mounted on the host; add unshare("mount")',
    ]);
    expect(mounts.parse({ entries: [], lxcfs: '/lx' })._unsafeUnwrap()).toEqual({ entries: [], lxcfs: '/lx' });
  });

  test('tmpfs ignores set-uid bits and devices unless told otherwise', () => {
    expect(verbs.tmpfs(emptySection, '/tmp', { size: '64MiB', nodev: false })).toEqual({
      entries: [{ kind: 'tmpfs', target: '/tmp', size: 67_108_864, nosuid: true, nodev: false }],
    });
    expect(verbs.tmpfs(emptySection, '/tmp', { size: 'much' })).toMatchObject({
      issues: [{ path: 'mounts.entries[0].size' }],
    });
  });

  test('independent adds each kind once', () => {
    const once = verbs.independent(emptySection, 'procfs', 'dev') as MountsSection;
    expect(verbs.independent(once, 'dev', 'sysfs')).toEqual({
      entries: ['procfs', 'dev', 'sysfs'].map((name) => ({ kind: 'independent', name })),
    });
    expect(verbs.independent(emptySection)).toBeInstanceOf(Rejected);
  });

  test('independent with options takes the place of one without', () => {
    const plain = verbs.independent(emptySection, 'procfs', 'dev') as MountsSection;
    const changed = verbs.independent(plain, { name: 'procfs', subset: 'pid', hidepid: 'invisible' }) as MountsSection;
    expect(changed.entries[0]).toEqual({ kind: 'independent', name: 'procfs', subset: 'pid', hidepid: 'invisible' });
    expect(verbs.independent(changed, 'procfs')).toEqual(changed);
  });

  test('contents are kept as text or as base64', () => {
    expect(verbs.file(emptySection, '/a', 'é')).toEqual({
      entries: [{ kind: 'file', target: '/a', content: { text: 'é' } }],
    });
    expect(verbs.file(emptySection, '/a', new Uint8Array([255]), { mode: 0o600 })).toEqual({
      entries: [{ kind: 'file', target: '/a', content: { base64: '/w==' }, mode: 0o600 }],
    });
    expect(verbs.file(emptySection, '/a', 1 as never)).toBeInstanceOf(Rejected);
  });

  test('a layer is kept where it was said', () => {
    expect(verbs.chroot(emptySection, '/a', { overlay: { keep: '/k' } })).toEqual({
      entries: [],
      rootfs: { overlay: { lower: ['/a'], keep: '/k' } },
    });
    const kept = { lower: '/a', keep: '/k' };
    expect(verbs.chroot(emptySection, kept, { readonly: true })).toEqual({
      entries: [],
      readonly: true,
      rootfs: { overlay: { lower: ['/a'], keep: '/k' } },
    });
    for (const [root, options] of [[null], [{ lower: 1 }], [{ lower: '/a' }], [kept, { overlay: true }]] as const) {
      expect(verbs.chroot(emptySection, root as never, options)).toBeInstanceOf(Rejected);
    }
    expect(verbs.overlay(emptySection, '/a', { mode: 0o700, optional: true })).toEqual({
      entries: [{ kind: 'overlay', target: '/a', mode: 0o700, optional: true }],
    });
  });

  test('masked and read-only paths add up', () => {
    const some = verbs.mask(emptySection, '/a', '/b') as MountsSection;
    expect(verbs.mask(some, '/b', '/c')).toEqual({ entries: [], masked: ['/a', '/b', '/c'] });
    expect(verbs.readonlyPaths(some, '/d')).toEqual({ entries: [], masked: ['/a', '/b'], readonlyPaths: ['/d'] });
    expect(verbs.mask(emptySection)).toBeInstanceOf(Rejected);
    expect(verbs.readonlyPaths(emptySection)).toBeInstanceOf(Rejected);
  });

  test('networkEtc takes the files of the host', () => {
    expect(verbs.networkEtc(emptySection)).toEqual({ entries: [{ kind: 'network-etc', hostEtc: '/etc' }] });
  });

  test('what is no text is refused where it stands', () => {
    expect(verbs.chroot(emptySection, undefined as never, {})).toBeInstanceOf(Rejected);
    expect(verbs.mount(emptySection, '/a', 7 as never)).toMatchObject({
      issues: [{ path: 'mounts.entries[0].target' }],
    });
  });
});

describe('JSON', () => {
  test('a section survives JSON', () => {
    const section = sectionWith({
      rootfs: { overlay: { lower: ['/'], size: 4096 } },
      entry: 'chroot',
      readonly: true,
      entries: [
        { kind: 'bind', source: '/a', target: '/b', recursive: false, propagation: 'slave', noexec: true },
        { kind: 'filesystem', type: 'ext4', source: '/dev/vdb', target: '/c', data: 'x' },
        { kind: 'tmpfs', target: '/tmp', size: 1, mode: 0o755 },
        { kind: 'independent', name: 'procfs' },
        { kind: 'network-etc', hostEtc: '/etc' },
      ],
    });
    expect(mounts.parse(JSON.parse(JSON.stringify(section)))._unsafeUnwrap()).toEqual(section);
    const selected = sectionWith({ rootfs: { path: '/', only: ['/usr'] } });
    expect(mounts.parse(JSON.parse(JSON.stringify(selected)))._unsafeUnwrap()).toEqual(selected);
  });

  test('every problem has its place', () => {
    const result = mounts.parse({ rootfs: {}, entries: [{ kind: 'bind' }, { kind: 'nfs' }, 7] });
    expect(result._unsafeUnwrapErr().map(({ path }) => path)).toEqual([
      'rootfs.path',
      'entries[0].source',
      'entries[0].target',
      'entries[1].kind',
      'entries[2]',
    ]);
  });
});

describe('validate', () => {
  test('paths are absolute, whole, and lead nowhere else', () => {
    expect(
      problems({
        rootfs: { path: 'root' },
        entries: [
          { kind: 'bind', source: 'data', target: 'data' },
          { kind: 'bind', source: '/a\0b', target: '/a/../../etc' },
          { kind: 'tmpfs', target: '//./' },
          { kind: 'network-etc', hostEtc: 'etc' },
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "mounts.rootfs.path: "root" is not an absolute path; give the whole one, e.g. by path.resolve("root")",
        "mounts.entries[0].source: "data" is not an absolute path; give the whole one, e.g. by path.resolve("data")",
        "mounts.entries[0].target: "data" is not absolute; a target is a path inside the container",
        "mounts.entries[1].source: the path "/a\\u0000b" contains a NUL byte, at which the kernel would cut it; leave it out",
        "mounts.entries[1].target: "/a/../../etc" contains ".."; name the target itself",
        "mounts.entries[2].target: would cover the whole root; use chroot() to choose the root",
        "mounts.entries[3].hostEtc: "etc" is not an absolute path; give the whole one, e.g. by path.resolve("etc")",
      ]
    `);
  });

  test('directories that a root is made of are at its top, and each once', () => {
    const selected = (...only: string[]) => problems({ rootfs: { path: '/', only } });
    expect(selected('/usr', '/..x')).toEqual([]);
    expect(selected('usr', '/usr/lib', '/..', '/a\0', '/b', '/b', '/')).toEqual([
      'mounts.rootfs.only[0]: "usr" is no directory at the top of the root; use one such as "/usr"',
      'mounts.rootfs.only[1]: "/usr/lib" is no directory at the top of the root; use one such as "/usr"',
      'mounts.rootfs.only[2]: "/.." is no directory at the top of the root; use one such as "/usr"',
      'mounts.rootfs.only[3]: "/a\\u0000" is no directory at the top of the root; use one such as "/usr"',
      'mounts.rootfs.only[5]: "/b" is there twice',
      'mounts.rootfs.only[6]: "/" is no directory at the top of the root; use one such as "/usr"',
    ]);
    const list = 'mounts.rootfs.only: must be a list of 1 to 32 directories of the root, e.g. ["/usr", "/etc"]';
    expect(selected()).toEqual([list]);
    expect(selected(...Array.from({ length: 33 }, (_, index) => `/${String(index)}`))).toEqual([list]);
    expect(problems({ rootfs: { path: '/', only: '/usr' as never } })).toEqual([list]);
    expect(problems({ rootfs: { path: '/', only: [1] as never } })).toEqual([
      'mounts.rootfs.only[0]: must be a string',
    ]);
    expect(problems({ rootfs: { path: '/', only: ['/usr'] } }, ['pid'])).toEqual([
      'mounts.rootfs.only: directories can be chosen only in a new mount namespace; add unshare("mount")',
    ]);
    expect(problems({ rootfs: { path: '/srv', only: ['/usr'] }, idmap: 'container' }, ['mount', 'user'])).toEqual([
      'mounts.idmap: maps the owners of a whole root; leave out the option only',
    ]);
  });

  test('contents, options and restricted paths are what they can be', () => {
    const entries = (entry: MountEntry) => problems({ entries: [entry] });
    expect(entries({ kind: 'file', target: 'x', content: { text: '' }, mode: -1 })).toEqual([
      'mounts.entries[0].target: "x" is not absolute; a target is a path inside the container',
      'mounts.entries[0].mode: -1 is not a file mode; write e.g. 0o755',
    ]);
    expect(entries({ kind: 'file', target: '/x', content: { text: 'x'.repeat(5 * 1024 * 1024) } })).toEqual([
      'mounts.entries: the contents of files have 5 MiB together, 4 MiB is the most; bind a file of the host with mount()',
    ]);
    expect(problems({ rootfs: { overlay: { lower: ['/a'], keep: 'k', size: 1 } } })).toEqual([
      'mounts.rootfs.overlay.keep: "k" is not an absolute path; give the whole one, e.g. by path.resolve("k")',
      'mounts.rootfs.overlay.size: a layer that is kept has the size of its disk; leave out one of size and keep',
    ]);
    expect(entries({ kind: 'independent', name: 'sysfs', writable: true })).toEqual([
      'mounts.entries[0]: writable is an option of cgroup only',
    ]);
    expect(entries({ kind: 'independent', name: 'sysfs', subset: 'pid' })).toEqual([
      'mounts.entries[0]: subset and hidepid are options of procfs only',
    ]);
    expect(entries({ kind: 'independent', name: 'procfs', subset: 'x' as 'pid', hidepid: '2' as 'invisible' })).toEqual(
      [
        'mounts.entries[0].subset: "x" is no subset; the only one is "pid"',
        'mounts.entries[0].hidepid: "2" is unknown; use noaccess, invisible or ptraceable',
      ],
    );
    expect(problems({ masked: ['proc/kcore', '/'], readonlyPaths: ['/a/../b'] })).toEqual([
      'mounts.masked[0]: "proc/kcore" is not absolute; a target is a path inside the container',
      'mounts.masked[1]: would cover the whole root; use chroot() to choose the root',
      'mounts.readonlyPaths[0]: "/a/../b" contains ".."; name the target itself',
    ]);
  });

  test('a root that is mapped is none of the host, and its map one of the container', () => {
    const path = { rootfs: { path: '/srv/root' }, idmap: 'container' } as const;
    expect(problems(path)).toEqual([
      'mounts.idmap: there is no user namespace whose map could be taken; add unshare("user")',
    ]);
    expect(problems(path, ['mount', 'user'])).toEqual([]);
    expect(problems(path, ['user'])).toEqual([
      'mounts.idmap: an idmapped mount needs a new mount namespace; add unshare("mount")',
    ]);
    expect(problems({ ...path, idmap: { userNamespace: 'x' } })).toHaveLength(1);
    const own =
      "the host's own tree keeps its owners; choose a root with chroot() or rootfs(), or leave out idmapRoot()";
    expect(problems({ idmap: 'container' }, ['mount', 'user'])).toEqual([`mounts.idmap: ${own}`]);
    const layers = { rootfs: { overlay: { lower: ['/a', '/'] } }, idmap: 'container' } as const;
    expect(problems(layers, ['mount', 'user'])).toEqual([`mounts.idmap: ${own}`]);
    expect(verbs.idmapRoot(emptySection)).toEqual({ ...emptySection, idmap: 'container' });
    expect(verbs.idmapRoot(emptySection, 'host' as 'container')).toBeInstanceOf(Rejected);
  });

  test('an idmapped bind has a map, and is its own', () => {
    const bind = { kind: 'bind', source: '/a', target: '/a' } as const;
    expect(problems({ entries: [{ ...bind, idmap: 'container', propagation: 'slave' }] })).toEqual([
      'mounts.entries[0].propagation: an idmapped mount is private; leave it out',
      'mounts.entries[0].idmap: there is no user namespace whose map could be taken; add unshare("user")',
    ]);
    expect(problems({ entries: [{ ...bind, idmap: { userNamespace: 'x' } }] })).toHaveLength(1);
    expect(problems({ entries: [{ ...bind, idmap: 'container' }] }, ['mount', 'user'])).toEqual([]);
    expect(verbs.mount(emptySection, '/a', '/a', { idmap: 'container' })).toEqual({
      entries: [{ ...bind, idmap: 'container' }],
    });
    const section = sectionWith({ entries: [{ ...bind, idmap: 'container' }] });
    const refused = (host: HostFacts) =>
      mounts
        .check(section, contextOf(section, host, ['mount', 'user']))
        .map(({ kind, message }) => `${kind}: ${message}`);
    expect(refused(rootHost)).toEqual([]);
    expect(refused(userHost)).toEqual([
      'permission: Mapping the owners of /a on the host needs root (CAP_SYS_ADMIN); run it with sudo, or leave out idmap.',
    ]);
    expect(refused(oldHost)).toEqual([
      'unsupported: Idmapped mounts need Linux 5.12, this is 5.11.0; use a newer kernel, or change the owners of /a.',
    ]);
    // The kernel has the call, and somebody keeps it away: another kernel would mend nothing.
    const filtered = { ...rootHost, features: { ...rootHost.features, mount_setattr: false } };
    expect(refused(filtered)).toEqual([
      `unsupported: Something hides mount_setattr, which this kernel (${rootHost.kernel.release}) has, from this process, without which there are no idmapped mounts; allow it in the seccomp profile of the container around this process (an emulator may lack it, too), or change the owners of /a.`,
    ]);
  });

  test('dots in names are names', () => {
    expect(problems({ entries: [{ kind: 'bind', source: '/..a/b..', target: '/..a/...' }] })).toEqual([]);
  });

  test('sizes, modes, types and kinds are what the kernel knows', () => {
    expect(
      problems({
        rootfs: { overlay: { lower: [], size: 0 } },
        entries: [
          { kind: 'tmpfs', target: '/a', size: -1, mode: 0o10000 },
          { kind: 'filesystem', type: '', source: 'x', target: '/b' },
          { kind: 'independent', name: 'proc' as never },
          // As independent({ procfs: … }) in JavaScript.
          { kind: 'independent' } as never,
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "mounts.rootfs.overlay.lower: has 0 directories; an overlay takes 1 to 500",
        "mounts.rootfs.overlay.size: 0 is not a positive whole number of bytes; a tmpfs of size 0 would have no limit",
        "mounts.entries[0].size: -1 is not a positive whole number of bytes; a tmpfs of size 0 would have no limit",
        "mounts.entries[0].mode: 4096 is not a file mode; write e.g. 0o755",
        "mounts.entries[1].type: is empty; leave it out for a bind mount",
        "mounts.entries[2].name: "proc" is no filesystem of the kernel; use procfs, sysfs, dev, devtmpfs, devpts, shm, mqueue, cgroup",
        "mounts.entries[3].name: "undefined" is no filesystem of the kernel; use procfs, sysfs, dev, devtmpfs, devpts, shm, mqueue, cgroup",
      ]
    `);
  });

  test('whatever would change the mounts of the host needs a mount namespace', () => {
    expect(
      problems(
        {
          rootfs: { overlay: { lower: ['/'] } },
          readonly: true,
          entry: 'pivot_root',
          entries: [{ kind: 'tmpfs', target: '/a' }],
        },
        [],
      ),
    ).toMatchInlineSnapshot(`
      [
        "mounts.entries[0]: would be mounted on the host; add unshare("mount")",
        "mounts.rootfs.overlay: an overlay needs a new mount namespace; add unshare("mount")",
        "mounts.readonly: a read-only root needs a new mount namespace; add unshare("mount")",
        "mounts.entry: pivot_root needs a new mount namespace; add unshare("mount")",
      ]
    `);
    expect(problems({ rootfs: { path: '/a' } }, [])).toEqual([]);
  });

  test('the mount namespace of others takes mounts, but no other root', () => {
    const section = sectionWith({ readonly: true, rootfs: { path: '/a' }, entries: [{ kind: 'tmpfs', target: '/b' }] });
    const context = contextOf(section, rootHost, [], { entered: ['mount'] });
    expect(mounts.validate(section, context).map(({ path }) => path)).toEqual(['mounts.readonly']);
  });

  test('a root that does not change has no way in', () => {
    expect(problems({ entry: 'chroot' })).toHaveLength(1);
  });
});

describe('check', () => {
  function warnings(
    fields: Partial<MountsSection>,
    host: HostFacts = rootHost,
    unshared: readonly NamespaceKind[] = ['mount'],
  ): readonly string[] {
    const section = sectionWith(fields);
    const context = contextOf(section, host, unshared);
    const ids = mounts.plan(section, context).map(({ id }) => id);
    return mounts.check(section, context).map(({ step, kind, message }) => {
      expect(ids).toContain(step);
      return `${kind}: ${message}`;
    });
  }
  const all = independentNames.map((name) => ({ kind: 'independent', name }) as const);

  test('root on a current kernel may do everything', () => {
    expect(warnings({ rootfs: { overlay: { lower: ['/'] } }, readonly: true, entries: all })).toEqual([]);
  });

  test('in a user namespace, filesystems want the namespaces that they show', () => {
    expect(warnings({ entries: all }, userHost, ['mount', 'user'])).toMatchInlineSnapshot(`
      [
        "permission: In a user namespace procfs can only be mounted together with new namespaces of kind pid; add unshare("pid").",
        "permission: In a user namespace sysfs can only be mounted together with new namespaces of kind net; add unshare("net").",
        "permission: devtmpfs can't be mounted in a user namespace; use independent("dev").",
        "permission: In a user namespace mqueue can only be mounted together with new namespaces of kind ipc; add unshare("ipc").",
        "permission: In a user namespace cgroup can only be mounted together with new namespaces of kind cgroup; add unshare("cgroup").",
      ]
    `);
    const owned = all.filter(({ name }) => name !== 'devtmpfs');
    expect(warnings({ entries: owned }, userHost, ['mount', 'user', 'pid', 'net', 'ipc', 'cgroup'])).toEqual([]);
  });

  test('in a user namespace, no filesystem uncovers what an outer container covers', () => {
    const covered = { procfs: ['/proc/kcore', '/proc/acpi', '/proc/keys'], sysfs: [] };
    const entries = all.filter(({ name }) => name === 'procfs' || name === 'sysfs');
    const user = ['mount', 'user', 'pid', 'net'] as const;
    expect(warnings({ entries }, { ...userHost, covered }, user)).toMatchInlineSnapshot(`
      [
        "permission: The kernel shows a new user namespace no more of procfs than its maker sees, and /proc/kcore and 2 more are covered here, as in a container; start the outer container without that (docker run --security-opt systempaths=unconfined), leave out unshare("user") and run it as root, or bind what is there by mount("/proc", "/proc").",
        "permission: The kernel shows a new user namespace no more of sysfs than its maker sees, and there is none here that could be shown whole; start the outer container without that (docker run --security-opt systempaths=unconfined), leave out unshare("user") and run it as root, or bind what is there by mount("/sys", "/sys").",
      ]
    `);
    expect(warnings({ entries }, { ...userHost, covered: { procfs: ['/proc/acpi'] } }, user)).toEqual([
      expect.stringContaining(', and /proc/acpi is covered here,'),
    ]);
    // Whoever shares the user namespace of the caller may have covered it himself; what subset=pid shows kernels decide.
    expect(warnings({ entries }, { ...rootHost, covered }, ['mount', 'pid', 'net'])).toEqual([]);
    const ofProcesses = [{ kind: 'independent', name: 'procfs', subset: 'pid' }] as const;
    expect(warnings({ entries: ofProcesses }, { ...userHost, covered }, user)).toEqual([]);
  });

  test('the host itself is no layer among others in a user namespace, and none that is kept', () => {
    const of = (overlay: { lower: readonly string[]; keep?: string }) =>
      warnings({ rootfs: { overlay } }, userHost, ['mount', 'user']);
    expect(of({ lower: ['/a', '/'] })).toMatchInlineSnapshot(`
      [
        "permission: In a user namespace the kernel makes no overlay of "/" that is kept or has other layers, since that would uncover what lies under its mounts; leave out unshare("user") and run it with sudo, or use chroot("/", { overlay: true }).",
      ]
    `);
    expect(of({ lower: ['/'], keep: '/k' })).toHaveLength(1);
    expect(of({ lower: ['/'] })).toEqual([]);
    expect(of({ lower: ['/srv'] })).toEqual([]);
    expect(
      warnings(
        { rootfs: { overlay: { lower: ['/a'] } } },
        { ...userHost, kernel: { release: '5.10.0', major: 5, minor: 10 } },
        ['mount', 'user'],
      ),
    ).toMatchInlineSnapshot(`
      [
        "unsupported: An overlay in a user namespace needs Linux 5.11, this is 5.10.0; use a newer kernel, or run it with sudo without unshare("user").",
      ]
    `);
  });

  test('what an old kernel cannot restrict is said, not left open', () => {
    expect(
      warnings(
        {
          rootfs: { path: '/a' },
          readonly: true,
          entries: [
            { kind: 'bind', source: '/a', target: '/a', readonly: true },
            { kind: 'bind', source: '/b', target: '/b', readonly: true, recursive: false },
            { kind: 'bind', source: '/c', target: '/c' },
            { kind: 'network-etc', hostEtc: '/etc' },
          ],
        },
        oldHost,
      ),
    ).toMatchInlineSnapshot(`
      [
        "unsupported: This kernel (5.11.0) has no mount_setattr (Linux 5.12), which is needed to restrict a root with all mounts below it; use a newer kernel, or use chroot(root, { overlay: true }).",
        "unsupported: This kernel (5.11.0) has no mount_setattr (Linux 5.12), which is needed to restrict /a with all mounts below it; use a newer kernel, or give { recursive: false } for a directory.",
        "unsupported: This kernel (5.11.0) has no mount_setattr (Linux 5.12), which is needed to restrict bound files; use a newer kernel, or copy the two files into the rootfs.",
      ]
    `);
  });

  test('nor hidden', () => {
    const file = { kind: 'file', target: '/c', content: { text: '' } } as const;
    expect(warnings({ masked: ['/a'], readonlyPaths: ['/b'], entries: [file] }, oldHost)).toMatchInlineSnapshot(`
      [
        "unsupported: This kernel (5.11.0) has no mount_setattr (Linux 5.12), which is needed to restrict masked paths; use a newer kernel, or use a rootfs and kernel filesystems without them.",
        "unsupported: This kernel (5.11.0) has no mount_setattr (Linux 5.12), which is needed to restrict paths with all mounts below; use a newer kernel, or drop capabilities.",
        "unsupported: This kernel (5.11.0) has no mount_setattr (Linux 5.12), which is needed to restrict files with given content; use a newer kernel, or write it to a tmpfs.",
      ]
    `);
  });

  test('mounts need the calls that make them safe', () => {
    const host = { ...rootHost, features: { ...rootHost.features, openat2: false } };
    expect(warnings({ rootfs: { path: '/a' } }, host)).toHaveLength(1);
    expect(warnings({ rootfs: { path: '/a' } }, host, [])).toEqual([]);
  });

  test('chroot needs a capability', () => {
    expect(warnings({ rootfs: { path: '/a' } }, userHost, [])).toMatchInlineSnapshot(`
      [
        "permission: Changing the root needs root (CAP_SYS_CHROOT); add unshare("user"), or run it with sudo.",
      ]
    `);
    expect(warnings({ rootfs: { path: '/a' } }, userHost, ['user'])).toEqual([]);
  });
});
