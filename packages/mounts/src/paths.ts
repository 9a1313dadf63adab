/** Paths that are restricted by default in other people's containers. */

/**
 * What Docker masks: memory of the kernel, keys, timers that tell of other containers, firmware and power counters.
 *
 * For the verb `mask()`
 */
export const dockerMaskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/**
 * What Docker makes read-only: settings of the whole kernel.
 *
 * For the verb `readonlyPaths()`
 */
export const dockerReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
