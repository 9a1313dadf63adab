/** Idmapped mounts: made by the launcher, which may change how ids of a filesystem appear, and sent to the container's process. */
import { flags, openFlags, slot, struct, syscall, type Arg, type Operation, type Step } from '@haco/plan';
import { attributeFlags } from './attributes.js';
import { AT_FDCWD, atFlags, messageFlags, mountFlags, openTreeFlags, socketFlags } from './constants.js';
import type { MountAttributes, MountIdMap, MountsSection } from './section.js';
import type { Situation } from './situation.js';

/** What of the host is copied. */
interface Source {
  readonly path: string;
  readonly idmap: MountIdMap;
  readonly recursive: boolean;
  readonly attributes: MountAttributes;
  /** Where the container's process has the copy. */
  readonly slot: string;
}

/** Slot of a bind mount, in the container's process. */
export function idmappedSlot(index: number): string {
  return `mounts.source.${String(index)}`;
}

/** Slot of a directory below the writable layer of the root, the topmost first. */
export function idmappedLowerSlot(index: number): string {
  return `mounts.lower.${String(index)}`;
}

/** Slot of the root. */
const rootSlot = 'root';

function rootSources({ rootfs, idmap, readonly = false, stubs = false }: MountsSection): readonly Source[] {
  if (rootfs === undefined || idmap === undefined) return [];
  if ('path' in rootfs) {
    // As long as mount points are made in it, it must take them.
    const attributes = { readonly: readonly && !stubs };
    return [{ path: rootfs.path, idmap, recursive: true, attributes, slot: rootSlot }];
  }
  return rootfs.overlay.lower.map((path, index) => {
    // Only the filesystem of each directory is part of an overlay.
    return { path, idmap, recursive: false, attributes: {}, slot: idmappedLowerSlot(index) };
  });
}

function sourcesOf(section: MountsSection): readonly Source[] {
  const binds = section.entries.flatMap((entry, index): readonly Source[] => {
    if (entry.kind !== 'bind' || entry.idmap === undefined) return [];
    const { source, idmap, recursive = true } = entry;
    return [{ path: source, idmap, recursive, attributes: entry, slot: idmappedSlot(index) }];
  });
  return [...rootSources(section), ...binds];
}

const pair = 'mounts.idmapped.pair';
const sender = 'mounts.idmapped.sender';
const receiver = 'mounts.idmapped.receiver';
const users = 'mounts.idmapped.users';
const made = 'mounts.idmapped.made';

/** `struct msghdr` with one byte of data and room for one descriptor. */
function message(data: Arg, control: Arg): Arg {
  const vector = struct({ name: 'base', type: 'u64', value: data }, { name: 'length', type: 'u64', value: 1 });
  return struct(
    { name: 'name', type: 'u64', value: 0 },
    { name: 'namelen', type: 'u64', value: 0 },
    { name: 'iov', type: 'u64', value: vector },
    { name: 'iovlen', type: 'u64', value: 1 },
    { name: 'control', type: 'u64', value: control },
    { name: 'controllen', type: 'u64', value: 24 },
    { name: 'flags', type: 'u64', value: 0 },
  );
}

function planSend(fd: string): Operation {
  const rights = struct(
    { name: 'len', type: 'u64', value: 20 },
    { name: 'level', type: 'u32', value: flags(messageFlags, 'SOL_SOCKET') },
    { name: 'type', type: 'u32', value: flags(messageFlags, 'SCM_RIGHTS') },
    { name: 'fd', type: 'u32', value: slot(fd) },
    { name: 'padding', type: 'u32', value: 0 },
  );
  return syscall('sendmsg', [slot(sender), message('x', rights), 0], { expect: 1 });
}

/** The user namespace whose map the mount gets. */
function openUsers({ idmap }: Source, { host }: Situation): readonly Operation[] {
  const open = openFlags(host.arch);
  const read = flags(open, 'O_RDONLY', 'O_CLOEXEC');
  if (idmap !== 'container') return [syscall('openat', [AT_FDCWD, idmap.userNamespace, read, 0], { save: users })];
  const directory = flags(open, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');
  return [
    syscall('openat', [AT_FDCWD, { procPath: 'child' }, directory, 0], { save: made }),
    syscall('openat', [slot(made), 'ns/user', read, 0], { save: users }),
    syscall('close', [slot(made)]),
  ];
}

function planMake(source: Source, situation: Situation): readonly Operation[] {
  const { path, recursive } = source;
  const attributes = attributeFlags({ ...source.attributes, idmapped: true });
  const set = struct(
    { name: 'attr_set', type: 'u64', value: attributes },
    { name: 'attr_clr', type: 'u64', value: 0 },
    // It is a copy made on the host: nothing may cross to it or from it.
    { name: 'propagation', type: 'u64', value: flags(mountFlags, 'MS_PRIVATE') },
    { name: 'userns_fd', type: 'u64', value: slot(users) },
  );
  const below = recursive ? (['AT_RECURSIVE'] as const) : [];
  return [
    ...openUsers(source, situation),
    syscall('open_tree', [AT_FDCWD, path, flags(openTreeFlags, 'OPEN_TREE_CLONE', ...below, 'OPEN_TREE_CLOEXEC')], {
      save: made,
    }),
    syscall('mount_setattr', [slot(made), '', flags(atFlags, 'AT_EMPTY_PATH', ...below), set, 32]),
    planSend(made),
    syscall('close', [slot(made)]),
    syscall('close', [slot(users)]),
  ];
}

function planReceive({ slot: save }: Source, index: number): readonly Operation[] {
  const control = `mounts.idmapped.${String(index)}`;
  const data = `${control}.data`;
  return [
    syscall(
      'recvmsg',
      [
        slot(receiver),
        message({ out: data, size: 8 }, { out: control, size: 24 }),
        flags(messageFlags, 'MSG_CMSG_CLOEXEC'),
      ],
      { expect: 1 },
    ),
    { op: 'load', from: control, offset: 16, save },
  ];
}

/** The steps, when there are idmapped mounts. */
export function planIdmapped(section: MountsSection, situation: Situation): readonly Step[] {
  const sources = sourcesOf(section);
  if (sources.length === 0) return [];
  const names = sources.map(({ path }) => path).join(', ');
  const common = { from: section.idmap === undefined ? 'mounts.entries' : 'mounts.idmap', source: 'mount_setattr(2)' };
  return [
    {
      ...common,
      id: 'mounts.idmapped.pair',
      phase: 'prepare',
      label: 'make a pair of sockets, through which mounts will be handed over',
      why: 'ids of a filesystem are mapped by one who has the rights of its owner, which the container’s process never has',
      operations: [
        syscall('socketpair', [
          flags(socketFlags, 'AF_UNIX'),
          flags(socketFlags, 'SOCK_SEQPACKET', 'SOCK_CLOEXEC'),
          0,
          { out: pair, size: 8 },
        ]),
        { op: 'load', from: pair, offset: 0, save: sender },
        { op: 'load', from: pair, offset: 4, save: receiver },
      ],
      source: 'unix(7)',
    },
    {
      ...common,
      id: 'mounts.idmapped.make',
      phase: 'parent',
      label: `copy ${names} with ids mapped as in the user namespace, and hand over the copies`,
      why: 'files keep their owners on the disk and appear as those of the container’s users, without any chown',
      operations: [
        ...sources.flatMap((source) => planMake(source, situation)),
        syscall('close', [slot(sender)]),
        syscall('close', [slot(receiver)]),
      ],
      needs: [{ capability: 'sys_admin', over: 'host' }],
      requires: ['open_tree', 'mount_setattr'],
    },
    {
      ...common,
      id: 'mounts.idmapped.take',
      phase: 'mounts',
      label: `take the idmapped copies of ${names}`,
      why: 'they belong to no mount namespace yet, so the container can attach them',
      operations: sources.flatMap(planReceive),
      source: 'unix(7)',
    },
  ];
}
