/** Block devices that a section names by path, as the numbers that the kernel's files take. */
import { readFileSync, statSync } from 'node:fs';
import { InvalidSpecError, NotFoundError, issue, quote, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { CgroupsSection } from '../section.js';

const number = /^\d+:\d+$/;

/** `dev_t` taken apart, as glibc's major(3) and minor(3) do. */
function numbersOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${String(major)}:${String(minor)}`;
}

/** The disk of a partition, itself for a whole disk: the kernel limits queues, and partitions share the one of their disk. */
function wholeDisk(device: string): string {
  try {
    readFileSync(`/sys/dev/block/${device}/partition`);
    return readFileSync(`/sys/dev/block/${device}/../dev`, 'utf8').trim();
  } catch {
    return device;
  }
}

function resolveDevice(device: string, path: string): Result<string, HacoError> {
  if (number.test(device)) return ok(device);
  try {
    const stat = statSync(device, { bigint: true });
    if (stat.isBlockDevice()) return ok(wholeDisk(numbersOf(stat.rdev)));
    return err(
      new InvalidSpecError({
        issues: [
          issue(
            path,
            `${quote(device)} is not a block device; "findmnt -no SOURCE -T ${device}" names the one that it lies on`,
          ),
        ],
      }),
    );
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return err(
      new NotFoundError({
        what: 'block device',
        subject: device,
        remedy: `stat says ${errno}; "lsblk -p" lists those that there are`,
      }),
    );
  }
}

/**
 * The same section, with the devices of `resources.io.devices` as `major:minor`; partitions become their disk. Other sections
 * are returned as they are.
 *
 * @example
 * ```ts
 * import { resolveBlockDevices } from '@haco/cgroups';
 * resolveBlockDevices({ resources: { io: { devices: [{ device: '/dev/sda1', readBps: 1_000_000 }] } } }); // ok, '8:0'
 * ```
 */
export function resolveBlockDevices(section: CgroupsSection): Result<CgroupsSection, HacoError> {
  const io = section.resources?.io;
  if (io?.devices === undefined || io.devices.every(({ device }) => number.test(device))) return ok(section);
  const devices: (typeof io.devices)[number][] = [];
  for (const [index, one] of io.devices.entries()) {
    const device = resolveDevice(one.device, `cgroups.resources.io.devices[${String(index)}].device`);
    if (device.isErr()) return err(device.error);
    devices.push({ ...one, device: device.value });
  }
  return ok({ ...section, resources: { ...section.resources, io: { ...io, devices } } });
}
