/** What a group read from and wrote to disks. */
import type { Read } from './cpu.js';
import { assigned, numberAt } from './text.js';

/** One block device. */
export interface IoDeviceStats {
  /** `major:minor`, as in `/sys/dev/block`. */
  readonly device: string;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOps: number;
  readonly writeOps: number;
  readonly discardBytes: number;
  readonly discardOps: number;
}

/** All devices that the group used. */
export interface IoStats {
  readonly devices: readonly IoDeviceStats[];
  readonly readBytes: number;
  readonly writeBytes: number;
}

type Counts = { -readonly [K in Exclude<keyof IoDeviceStats, 'device'>]: number };

const none: Counts = { readBytes: 0, writeBytes: 0, readOps: 0, writeOps: 0, discardBytes: 0, discardOps: 0 };

function total(devices: readonly IoDeviceStats[]): IoStats {
  let [readBytes, writeBytes] = [0, 0];
  for (const device of devices) {
    readBytes += device.readBytes;
    writeBytes += device.writeBytes;
  }
  return { devices, readBytes, writeBytes };
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`; a device without counters has none of them. */
function v2Devices(text: string): readonly IoDeviceStats[] {
  if (text === '') return [];
  return text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => ({
      device: line.slice(0, line.indexOf(' ')),
      readBytes: assigned(line, 'rbytes') ?? 0,
      writeBytes: assigned(line, 'wbytes') ?? 0,
      readOps: assigned(line, 'rios') ?? 0,
      writeOps: assigned(line, 'wios') ?? 0,
      discardBytes: assigned(line, 'dbytes') ?? 0,
      discardOps: assigned(line, 'dios') ?? 0,
    }));
}

const v1Bytes: Readonly<Record<string, keyof Counts>> = {
  Read: 'readBytes',
  Write: 'writeBytes',
  Discard: 'discardBytes',
};
const v1Ops: Readonly<Record<string, keyof Counts>> = { Read: 'readOps', Write: 'writeOps', Discard: 'discardOps' };

/** `8:0 Read 512`, one line for each device and kind, `Total 512` at the end. */
function addV1(
  into: Map<string, Counts>,
  text: string | undefined,
  names: Readonly<Record<string, keyof Counts>>,
): void {
  if (text === undefined || text.startsWith('Total')) return;
  for (const line of text.split('\n')) {
    const first = line.indexOf(' ');
    const second = line.indexOf(' ', first + 1);
    if (first === -1 || second === -1) continue;
    const name = names[line.slice(first + 1, second)];
    if (name === undefined) continue;
    const device = line.slice(0, first);
    const counts = into.get(device) ?? { ...none };
    counts[name] = numberAt(line, second + 1);
    into.set(device, counts);
  }
}

export function ioStats(read: Read, version: 1 | 2): IoStats | undefined {
  if (version === 2) {
    const text = read('io.stat');
    return text === undefined ? undefined : total(v2Devices(text));
  }
  // The counters of groups below count too, as on v2.
  const bytes = read('blkio.throttle.io_service_bytes_recursive');
  if (bytes === undefined) return undefined;
  const devices = new Map<string, Counts>();
  addV1(devices, bytes, v1Bytes);
  addV1(devices, read('blkio.throttle.io_serviced_recursive'), v1Ops);
  return total([...devices].map(([device, counts]) => ({ device, ...counts })));
}
