/** Devices that runtimes allow whatever is asked: runtime-spec, config-linux.md, "Default Devices". */
import type { DeviceRule } from '@haco/cgroups';
import type { DeviceNode } from '@haco/mounts';

const numbers = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
  [5, 2],
] as const;

/** As rules that follow those of a configuration. */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...numbers.map(([major, minor]): DeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  // Terminals.
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/** Those that every container has: config-linux.md, "Default Devices". */
export const defaultNodes: readonly DeviceNode[] = (
  [
    ['null', 1, 3],
    ['zero', 1, 5],
    ['full', 1, 7],
    ['random', 1, 8],
    ['urandom', 1, 9],
    ['tty', 5, 0],
  ] as const
).map(([name, major, minor]) => ({ path: `/dev/${name}`, type: 'c', major, minor, mode: 0o666 }));

/** Whether it is one of them, just so. */
export function isDefaultNode({ path, type, major, minor, mode = 0o666, uid = 0, gid = 0 }: DeviceNode): boolean {
  const plain = mode === 0o666 && uid === 0 && gid === 0;
  return (
    plain &&
    defaultNodes.some((one) => one.path === path && one.type === type && one.major === major && one.minor === minor)
  );
}

/** Links that every container has: runtime-linux.md, "Dev symbolic links". */
export const defaultLinks = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/ptmx', 'pts/ptmx'],
] as const;
