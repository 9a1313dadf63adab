/** Devices and links of a container's own making: the nodes that an engine lists, made when all before is mounted. */
import { flags, slot, syscall, type Flags, type Operation, type Step } from '@haco/plan';
import { AT_FDCWD, makedev, mode, openTreeFlags } from '../constants.js';
import type { DeviceNode, NodesEntry } from '../section.js';
import type { Situation } from '../situation.js';
import { planAttachIn, planFindDirectory } from '../target.js';
import { entryStep, type EntryContext } from './entry-steps.js';

const parent = 'mounts.nodes';

const types = { c: 'S_IFCHR', b: 'S_IFBLK', p: 'S_IFIFO' } as const;

function split(path: string): readonly [directories: readonly string[], name: string] {
  const names = path.split('/').filter((name) => name !== '');
  return [names.slice(0, -1), names.at(-1) ?? ''];
}

/** The directory of a node in the slot, made where it isn't there. Links in the root lead nowhere else than within it. */
function planParent(situation: Situation, directories: readonly string[]): readonly Operation[] {
  return [
    planFindDirectory(situation, '/', parent),
    ...directories.flatMap((name, index) => [
      syscall('mkdirat', [slot(parent), name, mode(0o755)], { tolerate: ['EEXIST', 'EROFS'] }),
      planFindDirectory(situation, `/${directories.slice(0, index + 1).join('/')}`, parent),
    ]),
  ];
}

function numbers({ type, major, minor }: DeviceNode): Flags {
  if (type === 'p') return { flags: ['0'], value: 0 };
  if (major < 256 && minor < 256) return makedev(major, minor);
  // As new_encode_dev(): what mknod(2) takes.
  const value = (minor & 0xff) + major * 256 + Math.floor(minor / 256) * 2 ** 20;
  return { flags: [`makedev(${String(major)}, ${String(minor)})`], value };
}

function planNode(situation: Situation, node: DeviceNode): readonly Operation[] {
  const [directories, name] = split(node.path);
  const { mode: permissions = 0o666, uid = 0, gid = 0 } = node;
  if (!situation.makesDevices && node.type !== 'p') {
    const clone = flags(openTreeFlags, 'OPEN_TREE_CLONE', 'OPEN_TREE_CLOEXEC');
    return [
      syscall('open_tree', [AT_FDCWD, node.path, clone], { save: 'mounts.new' }),
      ...planParent(situation, directories),
      syscall('mknodat', [slot(parent), name, mode(0o666, 'S_IFREG'), 0], { tolerate: ['EEXIST'] }),
      ...planAttachIn(situation, 'mounts.new', parent, name),
    ];
  }
  const owned = uid === 0 && gid === 0 ? [] : [syscall('fchownat', [slot(parent), name, uid, gid, 0])];
  return [
    ...planParent(situation, directories),
    // What an engine has bound there stays.
    syscall('mknodat', [slot(parent), name, mode(permissions, types[node.type]), numbers(node)], {
      tolerate: ['EEXIST'],
      skipOnTolerated: owned.length,
    }),
    ...owned,
  ];
}

function planLink(situation: Situation, [path, to]: readonly [path: string, to: string]): readonly Operation[] {
  const [directories, name] = split(path);
  return [
    ...planParent(situation, directories),
    syscall('symlinkat', [to, slot(parent), name], { tolerate: ['EEXIST'] }),
  ];
}

/** The step. */
export function planNodes({ devices, links = [] }: NodesEntry, context: EntryContext): Step {
  const { situation, index } = context;
  return entryStep(context, {
    id: `mounts.nodes.${String(index)}`,
    label: `make the devices ${devices.map(({ path }) => path).join(', ')}`,
    why: 'programs expect them, and no other device of the host should be within reach',
    operations: [
      ...devices.flatMap((node) => planNode(situation, node)),
      ...links.flatMap((link) => planLink(situation, link)),
    ],
    source: 'mknod(2)',
    needs: situation.makesDevices ? [{ capability: 'mknod', over: 'host' }] : [],
  });
}
