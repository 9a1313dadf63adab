/** `linux.resources.blockIO`: limits of block devices, by their numbers. */
import type { Import } from './import.js';
import type { Add, Resources } from './resources.js';

const throttles = [
  ['throttleReadBpsDevice', 'readBps'],
  ['throttleWriteBpsDevice', 'writeBps'],
  ['throttleReadIOPSDevice', 'readIops'],
  ['throttleWriteIOPSDevice', 'writeIops'],
] as const;

/** Weights, which haco spells for v1 and v2 as other runtimes do. */
export function addBlockWeights({ blockIO = {} }: Resources, add: Add, into: Import): void {
  add('blkio.weight', blockIO.weight === 0 ? undefined : blockIO.weight, 'blockIO.weight');
  add('blkio.leaf_weight', blockIO.leafWeight === 0 ? undefined : blockIO.leafWeight, 'blockIO.leafWeight');
  const at = 'linux.resources.blockIO.weightDevice';
  (blockIO.weightDevice ?? []).forEach(({ major, minor, weight, leafWeight }, index) => {
    const item = `[${String(index)}]`;
    if (index > 0) return into.differs(`${at}${item}`, 'haco weighs one device only');
    const device = `${String(major)}:${String(minor)}`;
    if (weight !== undefined) add('blkio.weight_device', `${device} ${String(weight)}`, `blockIO.weightDevice${item}`);
    if (leafWeight !== undefined) {
      add('blkio.leaf_weight_device', `${device} ${String(leafWeight)}`, `blockIO.weightDevice${item}`);
    }
  });
}

/** Rates, which the specification lists by kind and haco by device. */
export function ioOf({ blockIO = {} }: Resources, into: Import): { readonly io?: object } {
  const byDevice = new Map<string, Record<string, number>>();
  for (const [field, word] of throttles) {
    (blockIO[field] ?? []).forEach(({ major, minor, rate }) => {
      const device = `${String(major)}:${String(minor)}`;
      // 0 is no limit.
      if (rate !== 0) byDevice.set(device, { ...byDevice.get(device), [word]: rate });
    });
  }
  into.cameFrom('cgroups.resources.io', 'linux.resources.blockIO');
  if (byDevice.size === 0) return {};
  return { io: { devices: [...byDevice].map(([device, rates]) => ({ device, ...rates })) } };
}
