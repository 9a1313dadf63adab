/** Pressure stall information: the share of time in which work waited for a resource. */
import type { Read } from './cpu.js';
import { assigned } from './text.js';

/** Percent of the last 10, 60 and 300 seconds, and the total so far in milliseconds. */
export interface Stall {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalMs: number;
}

/** `some`: at least one process waited; `full`: all of them did. */
export interface Pressure {
  readonly some: Stall;
  readonly full?: Stall;
}

/** @see https://docs.kernel.org/accounting/psi.html */
export interface PressureStats {
  readonly cpu?: Pressure;
  readonly memory?: Pressure;
  readonly io?: Pressure;
}

function stall(text: string, from: number): Stall {
  return {
    avg10: assigned(text, 'avg10', from) ?? 0,
    avg60: assigned(text, 'avg60', from) ?? 0,
    avg300: assigned(text, 'avg300', from) ?? 0,
    totalMs: (assigned(text, 'total', from) ?? 0) / 1000,
  };
}

function pressure(text: string | undefined): Pressure | undefined {
  if (text === undefined || !text.startsWith('some')) return undefined;
  const full = text.indexOf('\nfull');
  return { some: stall(text, 0), ...(full === -1 ? {} : { full: stall(text, full) }) };
}

/** Undefined where the kernel was built or started without PSI. */
export function pressureStats(read: Read): PressureStats | undefined {
  const cpu = pressure(read('cpu.pressure'));
  const memory = pressure(read('memory.pressure'));
  const io = pressure(read('io.pressure'));
  if (cpu === undefined && memory === undefined && io === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(io === undefined ? {} : { io }),
  };
}
