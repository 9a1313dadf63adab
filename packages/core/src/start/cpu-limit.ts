/** Whether the kernel ended a container because of RLIMIT_CPU or RLIMIT_RTTIME. It counts no such ends: they are known by their traces. */
import { constants } from 'node:os';
import { readRlimit, type Rlimit, type RlimitsSection, type RlimitValue } from '@haco/rlimits';

const { SIGKILL, SIGXCPU } = constants.signals;

/** What is known of an end. */
export interface CpuEnd {
  readonly exitCode: number | null;
  readonly signal: number | null;
  /** CPU time of the first process and of those that it waited for, in milliseconds. */
  readonly cpuMs: number;
  /** Limits of the first process; asked for only when it matters. */
  readonly limits: () => RlimitsSection;
  /** Signals that haco's caller has sent it. */
  readonly sent: ReadonlySet<number>;
}

/**
 * The kernel compares what it samples by ticks, the outcome has exact times. On a crowded virtual machine, where a whole tick is
 * charged to who had a part of it, the exact time was 14 % less than the limit.
 */
const tolerance = 0.5;

function least(values: readonly (number | undefined)[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...values.filter((value) => value !== undefined));
}

/** The nearest limit of this kind, in milliseconds. */
function limitMs({ cpu, rttime }: RlimitsSection, kind: keyof Rlimit): number {
  const scaled = (value: RlimitValue | undefined, factor: number): number | undefined =>
    typeof value === 'number' ? value * factor : undefined;
  return least([scaled(cpu?.[kind], 1000), scaled(rttime?.[kind], 1 / 1000)]);
}

/**
 * At the soft limit the kernel sends SIGXCPU, at the hard one SIGKILL: prlimit(2). A shell whose child ended so exits with 128 plus
 * the signal. Either counts only when nobody of haco sent that signal and so much CPU time was really used.
 */
export function endedByCpuLimit({ exitCode, signal, cpuMs, limits, sent }: CpuEnd): boolean {
  const ended = signal ?? (exitCode !== null && exitCode > 128 ? exitCode - 128 : 0);
  if (signal !== null && sent.has(signal)) return false;
  if (ended === SIGXCPU) return cpuMs >= tolerance * limitMs(limits(), 'soft');
  if (ended === SIGKILL) return cpuMs >= tolerance * limitMs(limits(), 'hard');
  return false;
}

/** Limits of CPU time of a container's first process, as far as they were asked for; the rest is inherited from this process. */
export function cpuLimitsOf(asked: RlimitsSection | undefined): RlimitsSection {
  const known = (kind: 'cpu' | 'rttime'): Rlimit | undefined =>
    asked?.[kind] ?? readRlimit(process.pid, kind).unwrapOr(undefined);
  const [cpu, rttime] = [known('cpu'), known('rttime')];
  return { ...(cpu === undefined ? {} : { cpu }), ...(rttime === undefined ? {} : { rttime }) };
}
