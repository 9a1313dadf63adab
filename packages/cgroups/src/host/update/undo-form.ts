/** Files with one line for each device: what brings back the line that was there. */

/** What takes a device out of such a file again. */
const unset: Readonly<Record<string, string>> = {
  'io.max': 'rbps=max wbps=max riops=max wiops=max',
  'io.latency': 'target=0',
  'io.weight': 'default',
  'io.bfq.weight': 'default',
  'rdma.max': 'hca_handle=max hca_object=max',
  'misc.max': 'max',
  'blkio.bfq.weight_device': '0',
  'blkio.weight_device': '0',
};

function isDeviceFile(file: string): boolean {
  return Object.hasOwn(unset, file) || /^blkio\.throttle\.(read|write)_(bps|iops)_device$/.test(file);
}

/**
 * What must be written to undo the write of `value` into a file that held `old`. Most files take what they held; files with a
 * line for each device take the line of that device, or the words for "no limit" when it had none.
 */
export function undoOf(file: string, value: string, old: string): string {
  const before = old.trim();
  if (!isDeviceFile(file)) return before;
  const [device = ''] = value.trim().split(/\s+/);
  const line = before.split('\n').find((text) => text.split(' ')[0] === device);
  return line ?? `${device} ${unset[file] ?? '0'}`;
}
