/** Devices that runtimes allow whatever is asked: runtime-spec, config-linux.md, "Default Devices". */
import type { DeviceRule } from '@haco/cgroups';
import { standardDevices, standardLinks, type DeviceNode } from '@haco/mounts';

/** With the multiplexer of terminals, which is a device of its own. */
const numbers = [...standardDevices.map(([, major, minor]) => [major, minor] as const), [5, 2] as const];

/** As rules that follow those of a configuration. */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...numbers.map(([major, minor]): DeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  // Terminals.
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/** Those that every container has: config-linux.md, "Default Devices". */
export const defaultNodes: readonly DeviceNode[] = standardDevices.map(([name, major, minor]) => {
  return { path: `/dev/${name}`, type: 'c', major, minor, mode: 0o666 };
});

/** Whether it is one of them, just so. */
export function isDefaultNode({ path, type, major, minor, mode = 0o666, uid = 0, gid = 0 }: DeviceNode): boolean {
  const plain = mode === 0o666 && uid === 0 && gid === 0;
  return (
    plain &&
    defaultNodes.some((one) => one.path === path && one.type === type && one.major === major && one.minor === minor)
  );
}

/** Links that every container has: runtime-linux.md, "Dev symbolic links". */
export const defaultLinks = standardLinks.map(([to, name]) => [`/dev/${name}`, to] as const);
