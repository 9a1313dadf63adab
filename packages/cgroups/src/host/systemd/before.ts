/** What a unit has before a change, in systemd's words, so that it can have it again: pure. */
import type { Setting } from '../../settings.js';
import { spell } from '../../spell.js';
import { limitOf } from '../stats/text.js';
import { infinity, toldAs, type Property, type VersionOf } from './message.js';

/** The content of a file of the group that has a controller; undefined when there is none. */
export type ReadFile = (controller: string, file: string) => string | undefined;

/** What v1's files hold, as the value of v2's. */
const fromV1: Readonly<Record<string, (read: (file: string) => string | undefined) => string | undefined>> = {
  'cpu.max': (read) => {
    const quota = limitOf(read('cpu.cfs_quota_us'));
    const period = read('cpu.cfs_period_us');
    return quota === undefined || period === undefined ? undefined : `${String(quota)} ${period}`;
  },
  'cpu.weight': (read) => {
    const value = read('cpu.shares');
    if (value === undefined) return undefined;
    const shares = { key: 'cpu.shares', value, controller: 'cpu', from: '', enforces: '', asked: '' };
    return spell(shares, 2, [shares])?.[0]?.[1];
  },
  'memory.max': (read) => limitOf(read('memory.limit_in_bytes'))?.toString(),
  'io.weight': (read) => read('blkio.bfq.weight'),
  'pids.max': (read) => read('pids.max'),
};

function valueNow(file: string, version: 1 | 2, read: (file: string) => string | undefined): string | undefined {
  if (version === 1) return fromV1[file]?.(read);
  // `io.weight` has a line for each device too; that for all is the first.
  return read(file)?.split('\n')[0];
}

/** What is put back, and the names of properties of which that isn't known. */
export interface Before {
  readonly properties: readonly Property[];
  readonly unknown: readonly string[];
}

/**
 * What these settings are now.
 *
 * @param told - in the words of v2, as `propertiesOf` gives them
 * @param changed - the properties that they become
 */
export function beforeOf(
  told: readonly Setting[],
  changed: readonly Property[],
  versionOf: VersionOf,
  read: ReadFile,
): Before {
  const now = told.flatMap((setting) => {
    const { controller, key } = setting;
    const value = valueNow(key, versionOf(controller) ?? 2, (file) => read(controller, file)?.trim());
    return value === undefined || value === '' ? [] : toldAs([{ ...setting, value }]);
  });
  const before = changed.map(({ name, signature }) => {
    const known = now.find((one) => one.name === name);
    if (known !== undefined) return known;
    // A period that isn't told is systemd's own.
    const hasQuota = name === 'CPUQuotaPeriodUSec' && now.some((one) => one.name === 'CPUQuotaPerSecUSec');
    return { name, signature, values: hasQuota ? [infinity] : [] };
  });
  return {
    properties: before.filter(({ values }) => values.length > 0),
    unknown: before.filter(({ values }) => values.length === 0).map(({ name }) => name),
  };
}
