/** What must be written to bring back the content of a file: not always what reading it gives. */

/** What takes a device (interface, adapter) out of a file with a line for each again. */
const unset: Readonly<Record<string, string>> = {
  'io.max': 'rbps=max wbps=max riops=max wiops=max',
  'io.latency': 'target=0',
  'io.weight': 'default',
  'io.bfq.weight': 'default',
  'rdma.max': 'hca_handle=max hca_object=max',
  'misc.max': 'max',
  'blkio.bfq.weight_device': '0',
  'blkio.weight_device': '0',
  'net_prio.ifpriomap': '0',
};

/** Files that say more than what they take: where in them that stands. */
const fields: Readonly<Record<string, RegExp>> = {
  // oom_kill_disable 0, under_oom 0, oom_kill 0
  'memory.oom_control': /^oom_kill_disable (\d+)$/m,
  // "root invalid (Cpu list in cpuset.cpus not exclusive)"
  'cpuset.cpus.partition': /^(\w+)/,
};

function hasLines(file: string): boolean {
  return Object.hasOwn(unset, file) || /^blkio\.throttle\.(read|write)_(bps|iops)_device$/.test(file);
}

/** The first word of the line that a write is about. A weight alone is that of all devices. */
function itemOf(value: string): string {
  const [first = '', second] = value.trim().split(/\s+/);
  return second === undefined ? 'default' : first;
}

/**
 * The part of a file's content that a write of `value` changes: by this one sees whether somebody else has written since. Undefined:
 * the file has no line for that device.
 */
export function partOf(file: string, value: string, content: string): string | undefined {
  const text = content.trim();
  if (hasLines(file)) {
    const item = itemOf(value);
    return text.split('\n').find((line) => line.split(' ')[0] === item);
  }
  // v1 says so for a moment.
  if (file === 'freezer.state' && text === 'FREEZING') return 'FROZEN';
  const field = Object.hasOwn(fields, file) ? fields[file]?.exec(text)?.[1] : undefined;
  return field ?? text;
}

/**
 * What must be written to undo the write of `value` into a file that held `old`. Most files take what they held; files with a
 * line for each device take the line of that device, or the words for "no limit" when it had none.
 */
export function undoOf(file: string, value: string, old: string): string {
  const part = partOf(file, value, old);
  if (part === undefined) return `${itemOf(value)} ${unset[file] ?? '0'}`;
  // No byte is no write: an empty list of CPUs takes an empty line.
  return part === '' ? '\n' : part;
}
