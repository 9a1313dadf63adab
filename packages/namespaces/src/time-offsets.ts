/** A time namespace that is made before the clone, with the offsets of its clocks. */
import { flags, syscall, type PlanContext, type Step } from '@haco/plan';
import { cloneFlags } from './kinds.js';
import { planWrite } from './plan-write.js';
import type { NamespacesSection, TimeOffsets } from './section.js';
import { placesOf } from './unshare.js';

/** Seconds rounded down and the nanoseconds above: the kernel takes no negative nanoseconds. */
function line(clock: string, ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = Math.round((ms - seconds * 1000) * 1e6);
  return `${clock} ${String(seconds)} ${String(nanoseconds)}\n`;
}

/** The text of `timens_offsets`. */
export function offsetsText({ monotonicMs, boottimeMs }: TimeOffsets): string {
  return [
    ...(monotonicMs === undefined ? [] : [line('monotonic', monotonicMs)]),
    ...(boottimeMs === undefined ? [] : [line('boottime', boottimeMs)]),
  ].join('');
}

/** The step, when the clone doesn't make the time namespace. */
export function planTime(section: NamespacesSection, context: PlanContext): readonly Step[] {
  if (!placesOf(section, context).before.includes('time')) return [];
  const offsets = section.timeOffsets === undefined ? '' : offsetsText(section.timeOffsets);
  return [
    {
      id: 'namespaces.time',
      phase: 'join',
      label: offsets === '' ? 'create a new time namespace' : 'create a new time namespace and move its clocks',
      why: 'offsets can only be written while no process is in it, and a time namespace from unshare(2) waits for the first child',
      operations: [
        syscall('unshare', [flags(cloneFlags, 'CLONE_NEWTIME')]),
        ...(offsets === '' ? [] : planWrite(context.host, '/proc/self/timens_offsets', offsets)),
      ],
      from: section.timeOffsets === undefined ? 'namespaces.unshare' : 'namespaces.timeOffsets',
      needs: [
        { capability: 'sys_admin', over: 'host' },
        ...(offsets === '' ? [] : [{ capability: 'sys_time', over: 'host' } as const]),
      ],
      requires: ['time_namespace'],
      source: 'time_namespaces(7)',
    },
  ];
}
