/** What is asked of systemd, as arguments of `busctl`: pure. */
import { kernelBytes } from '../../controllers/units.js';
import type { Setting } from '../../settings.js';

/** A property of a unit: its D-Bus signature and the words that busctl makes a value of. */
export interface Property {
  readonly name: string;
  readonly signature: string;
  readonly values: readonly string[];
}

/** systemd's word for "no limit" in 64 bits. */
const infinity = '18446744073709551615';

function number(name: string, value: string): Property {
  const unlimited = value === 'max' || value === '-1';
  return { name, signature: 't', values: [unlimited ? infinity : String(kernelBytes(value) ?? value)] };
}

/**
 * `cpu.max` as systemd counts it: microseconds per second. Its own period is 100 ms, which is the kernel's.
 */
function quota(value: string): readonly Property[] {
  const [time = 'max', period = '100000'] = value.trim().split(/\s+/);
  if (time === 'max') return [number('CPUQuotaPerSecUSec', 'max')];
  const perSecond = Math.round((Number(time) * 1_000_000) / Number(period));
  return [
    number('CPUQuotaPerSecUSec', String(perSecond)),
    ...(period === '100000' ? [] : [number('CPUQuotaPeriodUSec', period)]),
  ];
}

const byKey: Readonly<Record<string, (value: string) => readonly Property[]>> = {
  'cpu.max': quota,
  'cpu.weight': (value) => [number('CPUWeight', value)],
  'memory.max': (value) => [number('MemoryMax', value)],
  'memory.high': (value) => [number('MemoryHigh', value)],
  'memory.low': (value) => [number('MemoryLow', value)],
  'memory.min': (value) => [number('MemoryMin', value)],
  'memory.swap.max': (value) => [number('MemorySwapMax', value)],
  'pids.max': (value) => [number('TasksMax', value)],
  'io.weight': (value) => [number('IOWeight', value)],
};

/**
 * The settings that systemd has properties for, and those that must be written to files. What systemd has a property for must be
 * told to it: it writes the file again whenever it likes.
 */
export function propertiesOf(settings: readonly Setting[]): {
  readonly properties: readonly Property[];
  readonly rest: readonly Setting[];
} {
  const isProperty = ({ key, value }: Setting): boolean =>
    Object.hasOwn(byKey, key) && /^\d+( \d+)?$|^\d+[kmgt]$|^max( \d+)?$|^-1$/i.test(value);
  return {
    properties: settings.filter(isProperty).flatMap(({ key, value }) => byKey[key]?.(value) ?? []),
    rest: settings.filter((setting) => !isProperty(setting)),
  };
}

/** Array of properties in busctl's words: their number, then name, signature and value of each. */
function propertyWords(properties: readonly Property[]): readonly string[] {
  return [
    String(properties.length),
    ...properties.flatMap(({ name, signature, values }) => [name, signature, ...values]),
  ];
}

const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'] as const;

/** Which bus: that of the system for root, that of the session for users. */
export function busOption(euid: number): '--system' | '--user' {
  return euid === 0 ? '--system' : '--user';
}

/** A new scope that holds a process, and delegates its group. */
export function startScope(fields: {
  readonly bus: '--system' | '--user';
  readonly unit: string;
  readonly pid: number;
  readonly slice?: string | undefined;
  readonly description: string;
  readonly properties: readonly Property[];
}): readonly string[] {
  const { bus, unit, pid, slice, description, properties } = fields;
  const all: readonly Property[] = [
    { name: 'Description', signature: 's', values: [description] },
    ...(slice === undefined ? [] : [{ name: 'Slice', signature: 's', values: [slice] }]),
    { name: 'PIDs', signature: 'au', values: ['1', String(pid)] },
    { name: 'Delegate', signature: 'b', values: ['true'] },
    // Gone from systemd's list as soon as it is empty, also when it failed.
    { name: 'CollectMode', signature: 's', values: ['inactive-or-failed'] },
    { name: 'CPUAccounting', signature: 'b', values: ['true'] },
    { name: 'MemoryAccounting', signature: 'b', values: ['true'] },
    { name: 'TasksAccounting', signature: 'b', values: ['true'] },
    { name: 'IOAccounting', signature: 'b', values: ['true'] },
    ...properties,
  ];
  return [
    bus,
    'call',
    ...manager,
    'StartTransientUnit',
    'ssa(sv)a(sa(sv))',
    unit,
    'fail',
    ...propertyWords(all),
    // No auxiliary units.
    '0',
  ];
}

/** Other limits for a unit that runs, until it ends. */
export function setProperties(
  bus: '--system' | '--user',
  unit: string,
  properties: readonly Property[],
): readonly string[] {
  return [bus, 'call', ...manager, 'SetUnitProperties', 'sba(sv)', unit, 'true', ...propertyWords(properties)];
}

/** Stop a unit. */
export function stopUnit(bus: '--system' | '--user', unit: string): readonly string[] {
  return [bus, 'call', ...manager, 'StopUnit', 'ss', unit, 'fail'];
}
