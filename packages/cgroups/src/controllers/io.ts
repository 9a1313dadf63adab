/** Traffic of block devices: weights against neighbours and hard limits per device. `blkio` on v1, `io` on v2. */
import { issue, optional, quote, readList, readObject, type Duration, type Reader, type Size, plain } from '@haco/plan';
import {
  asked,
  file,
  onlyV1,
  onlyV2,
  type Asked,
  type Controller,
  type Resource,
  type Spell,
  type Writes,
} from './controller.js';
import { microseconds, readDuration, readSize, readWithin } from './units.js';

/** Limits of one block device. */
export interface IoDevice {
  /** `'major:minor'` of a whole disk, e.g. `'8:0'`, or the path of a block device on the host, e.g. `'/dev/sda'`. */
  readonly device: string;
  /** Bytes read per second, or text such as `'10MiB'`. */
  readonly readBps?: Size;
  /** Bytes written per second. */
  readonly writeBps?: Size;
  /** Read operations per second. */
  readonly readIops?: number;
  /** Write operations per second. */
  readonly writeIops?: number;
  /** Share of this device against neighbours, 1 to 10000. */
  readonly weight?: number;
  /** Neighbours are slowed down when this group waits longer than that on the average. v2 only. */
  readonly latency?: Duration;
}

/** Limits of block devices. */
export interface IoResources {
  /** Share against neighbours, 1 to 10000 (at most 1000 counts on v1); 100 is the default of every group. */
  readonly weight?: number;
  readonly devices?: readonly IoDevice[];
}

const number = /^\d+:\d+$/;

const readDevice: Reader<string> = (json, path, issues) => {
  if (typeof json !== 'string' || !(number.test(json) || /^\/[\x21-\x7e]{1,4000}$/.test(json))) {
    const shown = typeof json === 'string' ? quote(json) : String(json);
    issues.push(
      issue(path, `${shown} is not a block device; write "major:minor", e.g. "8:0", or a path such as "/dev/sda"`),
    );
  }
  return json as string;
};

/** Most that a rate may be: the kernel reads 64 bits, JavaScript counts exactly to here. */
const rate = readWithin(1, Number.MAX_SAFE_INTEGER);

const bps: Reader<number> = (json, path, issues) => {
  const before = issues.length;
  const bytes = readSize(json, path, issues);
  return issues.length === before ? rate(bytes, path, issues) : bytes;
};

const read = readObject({
  weight: optional(readWithin(1, 10_000)),
  devices: optional(
    readList(
      readObject({
        device: readDevice,
        readBps: optional(bps),
        writeBps: optional(bps),
        readIops: optional(rate),
        writeIops: optional(rate),
        weight: optional(readWithin(1, 10_000)),
        latency: optional(readDuration(0.001)),
      }),
    ),
  ),
});

/** Words of `io.max`, and the v1 file that holds each. */
const throttles = [
  ['rbps', 'blkio.throttle.read_bps_device'],
  ['wbps', 'blkio.throttle.write_bps_device'],
  ['riops', 'blkio.throttle.read_iops_device'],
  ['wiops', 'blkio.throttle.write_iops_device'],
] as const;

type Device = NonNullable<ReturnType<typeof read>['devices']>[number];

function deviceSettings(device: Device, field: string): readonly Asked[] {
  const words = [
    ['rbps', device.readBps],
    ['wbps', device.writeBps],
    ['riops', device.readIops],
    ['wiops', device.writeIops],
  ] as const;
  const limits = words.flatMap(([word, value]) => (value === undefined ? [] : [`${word}=${String(value)}`]));
  return [
    ...asked(field, limits.length === 0 ? undefined : [device.device, ...limits].join(' '), 'io.max'),
    ...asked(field, device.weight, 'io.weight', (weight) => `${device.device} ${String(weight)}`),
    ...asked(field, device.latency, 'io.latency', (ms) => `${device.device} target=${microseconds(ms)}`),
  ];
}

const resource: Resource<'io', IoResources, ReturnType<typeof read>> = {
  word: 'io',
  read,
  settings: ({ weight, devices = [] }) => [
    ...asked('weight', weight, 'io.weight'),
    ...devices.flatMap((device, index) => deviceSettings(device, `devices[${String(index)}]`)),
  ],
};

const maxToThrottles: Spell = (value) => {
  const [device = '', ...words] = value.trim().split(/\s+/);
  const writes = words.map((word) => {
    const [name, amount = ''] = word.split('=');
    const target = throttles.find(([known]) => known === name)?.[1];
    // v1 takes a limit away by 0.
    return target === undefined ? undefined : ([target, `${device} ${amount === 'max' ? '0' : amount}`] as const);
  });
  return writes.includes(undefined) || writes.length === 0 ? undefined : (writes as Writes);
};

const throttleToMax =
  (word: string): Spell =>
  (value) => {
    const [device = '', amount = ''] = value.trim().split(/\s+/);
    return amount === '' ? undefined : [['io.max', `${device} ${word}=${amount === '0' ? 'max' : amount}`]];
  };

/** A weight for all devices, `default 100` or `100`, or for one, `8:0 100`. */
function weightOf(value: string): { readonly device?: string; readonly weight: number } | undefined {
  const match = /^(?:(default|\d+:\d+|\/\S+)\s+)?(\d+)$/.exec(value.trim());
  if (match === null) return undefined;
  const [, device] = match;
  return { weight: Number(match[2]), ...(device === undefined || device === 'default' ? {} : { device }) };
}

function weighs(
  all: string,
  one: string,
  convert: (weight: number) => number,
  shared: (weight: number) => string = String,
): Spell {
  return (value) => {
    const given = plain(weightOf(value));
    if (given === undefined) return undefined;
    const weight = Math.round(convert(given.weight));
    return given.device === undefined ? [[all, shared(weight)]] : [[one, `${given.device} ${String(weight)}`]];
  };
}

const clamped = (weight: number): number => Math.min(1000, Math.max(1, weight));
// CFQ, gone since Linux 5.0, counted from 10 to 1000; the line through both ends, as OCI runtimes draw it.
const fromCfq = (weight: number): number => 1 + ((weight - 10) * 9999) / 990;

const toBfq1 = weighs('blkio.bfq.weight', 'blkio.bfq.weight_device', clamped);
const toBfq2 = weighs('io.bfq.weight', 'io.bfq.weight', clamped);
const noLatency = 'v1 has no targets of latency; bound the neighbours with blkio.throttle.* or io.max instead';

export const io = {
  name: 'io',
  v1Name: 'blkio',
  keys: {
    'io.max': { v1: maxToThrottles, v2: file('io.max'), instead: 'write "major:minor rbps=… wbps=… riops=… wiops=…"' },
    'io.weight': { v1: toBfq1, v2: file('io.weight') },
    'io.bfq.weight': { v1: toBfq1, v2: file('io.bfq.weight') },
    'io.latency': { v2: file('io.latency'), instead: noLatency },
    'io.prio.class': { v1: file('blkio.prio.class'), v2: file('io.prio.class') },
    'blkio.prio.class': { v1: file('blkio.prio.class'), v2: file('io.prio.class') },
    'blkio.bfq.weight': { v1: file('blkio.bfq.weight'), v2: toBfq2 },
    'blkio.bfq.weight_device': { v1: file('blkio.bfq.weight_device'), v2: toBfq2 },
    'blkio.weight': { v1: file('blkio.weight'), v2: weighs('io.weight', 'io.weight', fromCfq) },
    'blkio.weight_device': { v1: file('blkio.weight_device'), v2: weighs('io.weight', 'io.weight', fromCfq) },
    'blkio.throttle.read_bps_device': { v1: file(throttles[0][1]), v2: throttleToMax('rbps') },
    'blkio.throttle.write_bps_device': { v1: file(throttles[1][1]), v2: throttleToMax('wbps') },
    'blkio.throttle.read_iops_device': { v1: file(throttles[2][1]), v2: throttleToMax('riops') },
    'blkio.throttle.write_iops_device': { v1: file(throttles[3][1]), v2: throttleToMax('wiops') },
    ...onlyV1('blkio.leaf_weight', 'blkio.leaf_weight_device', 'blkio.reset_stats'),
    ...onlyV2('io.cost.qos', 'io.cost.model'),
  },
  // A write of io.max changes only the words that it names.
  itemOf: (name, value) => {
    if (name === 'io.max') return value.replace(/=\S+/g, '');
    if (name.endsWith('_device') || name === 'io.latency') return value.split(' ')[0] ?? '';
    if (name === 'io.weight' || name === 'io.bfq.weight') return plain(weightOf(value))?.device ?? '';
    return '';
  },
  reports: { v1: ['blkio.throttle.io_service_bytes_recursive'], v2: ['io.stat'] },
  resource,
} as const satisfies Controller;
