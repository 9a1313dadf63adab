/** Devices that runtimes allow whatever is asked: runtime-spec, config-linux.md, "Default Devices". */
import type { DeviceRule } from '@haco/cgroups';

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
