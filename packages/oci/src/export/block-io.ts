/** `linux.resources.blockIO`: limits of block devices, by their numbers. */
import { numberOf, type Draft, type Place } from './limit-keys.js';

/** Words of `io.max`, names of v1, and fields of the specification. */
const throttles = [
  ['rbps', 'blkio.throttle.read_bps_device', 'throttleReadBpsDevice'],
  ['wbps', 'blkio.throttle.write_bps_device', 'throttleWriteBpsDevice'],
  ['riops', 'blkio.throttle.read_iops_device', 'throttleReadIOPSDevice'],
  ['wiops', 'blkio.throttle.write_iops_device', 'throttleWriteIOPSDevice'],
] as const;

/** A device is named by its numbers there; of a path such as `/dev/sda`, only the machine knows them. */
function deviceOf(text: string): { readonly major: number; readonly minor: number } | undefined {
  const match = /^(\d+):(\d+)$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

function add(draft: Draft, field: string, entry: object): void {
  draft.blockIO[field] = [...((draft.blockIO[field] as readonly object[] | undefined) ?? []), entry];
}

const max: Place = (value, draft) => {
  const [text = '', ...words] = value.trim().split(/\s+/);
  const device = deviceOf(text);
  const limits = words.map((word) => {
    const [name, amount = ''] = word.split('=');
    const field = throttles.find(([known]) => known === name)?.[2];
    // Said of one that has no limit yet, `max` says nothing.
    const rate = amount === 'max' ? 0 : numberOf(amount);
    return field === undefined || rate === undefined ? undefined : ([field, rate] as const);
  });
  if (device === undefined || limits.length === 0 || limits.includes(undefined)) return false;
  for (const [field, rate] of limits.filter((limit) => limit !== undefined)) {
    if (rate > 0) add(draft, field, { ...device, rate });
  }
  return true;
};

const throttle =
  (field: string): Place =>
  (value, draft) => {
    const [text = '', amount = ''] = value.trim().split(/\s+/);
    const [device, rate] = [deviceOf(text), numberOf(amount)];
    if (device === undefined || rate === undefined) return false;
    add(draft, field, { ...device, rate });
    return true;
  };

const weight =
  (field: string): Place =>
  (value, draft) => {
    const number = numberOf(value);
    if (number === undefined) return false;
    draft.blockIO[field] = number;
    return true;
  };

const deviceWeight =
  (field: 'weight' | 'leafWeight'): Place =>
  (value, draft) => {
    const [text = '', amount = ''] = value.trim().split(/\s+/);
    const [device, number] = [deviceOf(text), numberOf(amount)];
    if (device === undefined || number === undefined) return false;
    // Both weights of a device are one entry; haco has one device of each.
    const [before] = (draft.blockIO['weightDevice'] ?? []) as readonly {
      readonly major: number;
      readonly minor: number;
    }[];
    const same = before?.major === device.major && before.minor === device.minor;
    const entry = { ...(same ? before : {}), ...device, [field]: number };
    draft.blockIO['weightDevice'] = before === undefined || same ? [entry] : [before, entry];
    return true;
  };

// Weights of v2 count from 1 to 10000, those of the specification from 10 to 1000: io.weight stays what it is, in `unified`.
const places: ReadonlyMap<string, Place> = new Map([
  ['io.max', max],
  ...throttles.map(([, key, field]) => [key, throttle(field)] as const),
  ['blkio.weight', weight('weight')],
  ['blkio.leaf_weight', weight('leafWeight')],
  ['blkio.weight_device', deviceWeight('weight')],
  ['blkio.leaf_weight_device', deviceWeight('leafWeight')],
]);

/** The place of a key, if it has one. */
export function blockKeys(key: string): Place | undefined {
  return places.get(key);
}
