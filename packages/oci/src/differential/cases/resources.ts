/** Limits of control groups, as their files say them, and rules about devices. */
import { namespaces, type Host, type Json, type Question, type Row } from '../case.js';

const files: Readonly<Record<string, readonly string[]>> = {
  memory: ['limit_in_bytes', 'soft_limit_in_bytes', 'memsw.limit_in_bytes', 'swappiness', 'oom_control'],
  cpu: ['shares', 'cfs_quota_us', 'cfs_period_us', 'idle'],
  cpuset: ['cpus', 'mems'],
  pids: ['max'],
  devices: ['list'],
  blkio: ['weight', 'throttle.read_bps_device', 'throttle.write_iops_device'],
};

/** The hierarchies of the host, where the groups of every runtime are. */
const hierarchies = { destination: '/groups', source: '/sys/fs/cgroup', options: ['rbind', 'ro'] };

export function resourceRows({ group, disk }: Host): readonly Row[] {
  const reads = (controller: string): readonly Question[] =>
    (files[controller] ?? []).map((file) => `read /groups/${controller}${group}/${controller}.${file}`);
  const row = (name: string, resources: Json, controller: string, ...more: readonly Question[]): Row => [
    name,
    { linux: { resources }, mounts: [hierarchies] },
    ...reads(controller),
    ...more,
  ];
  const rules = (name: string, devices: readonly Json[], ...more: readonly Question[]): Row =>
    row(name, { devices }, 'devices', 'try-open /dev/null rw', 'try-open /dev/own r', ...more);
  const nobody = { allow: false, access: 'rwm' };
  const [major = 0, minor = 0] = (disk ?? '').split(':').map(Number);
  const onDisk: readonly Row[] =
    disk === undefined
      ? []
      : [
          row('a limit of reading', { blockIO: { throttleReadBpsDevice: [{ major, minor, rate: 1048576 }] } }, 'blkio'),
          row('a limit of writes', { blockIO: { throttleWriteIOPSDevice: [{ major, minor, rate: 100 }] } }, 'blkio'),
        ];
  return [
    row('no limits: memory', {}, 'memory'),
    row('no limits: cpu', {}, 'cpu'),
    row('no limits: devices', {}, 'devices'),
    row('a limit of memory', { memory: { limit: 67108864 } }, 'memory'),
    row('a limit of memory that is no whole page', { memory: { limit: 67108865 } }, 'memory'),
    row('no limit of memory', { memory: { limit: -1 } }, 'memory'),
    row('limits of memory of 0', { memory: { limit: 0, reservation: 0, swap: 0 } }, 'memory'),
    row('a reservation', { memory: { limit: 67108864, reservation: 33554432 } }, 'memory'),
    row('a limit with swap', { memory: { limit: 67108864, swap: 134217728 } }, 'memory'),
    row('a limit with endless swap', { memory: { limit: 67108864, swap: -1 } }, 'memory'),
    row('swap below the limit', { memory: { limit: 67108864, swap: 1048576 } }, 'memory'),
    row('swappiness', { memory: { swappiness: 10 } }, 'memory'),
    row('swappiness beyond its end', { memory: { swappiness: 1000 } }, 'memory'),
    row('no OOM killer', { memory: { limit: 67108864, disableOOMKiller: true } }, 'memory'),
    row('memory of the kernel', { memory: { limit: 67108864, kernel: 33554432 } }, 'memory'),
    row('shares', { cpu: { shares: 512 } }, 'cpu'),
    row('shares of 0', { cpu: { shares: 0 } }, 'cpu'),
    row('shares of 1', { cpu: { shares: 1 } }, 'cpu'),
    row('a quota', { cpu: { quota: 50000, period: 100000 } }, 'cpu'),
    row('a quota without a period', { cpu: { quota: 20000 } }, 'cpu'),
    row('a period without a quota', { cpu: { period: 50000 } }, 'cpu'),
    row('no quota', { cpu: { quota: -1, period: 100000 } }, 'cpu'),
    row('an idle group', { cpu: { idle: 1 } }, 'cpu'),
    row('one processor', { cpu: { cpus: '0', mems: '0' } }, 'cpuset', 'read /proc/self/cpuset'),
    row('a processor that isn\'t there', { cpu: { cpus: '4000' } }, 'cpuset'),
    row('a limit of processes', { pids: { limit: 20 } }, 'pids'),
    row('no limit of processes', { pids: { limit: -1 } }, 'pids'),
    row('a limit of 0 processes', { pids: { limit: 0 } }, 'pids'),
    row('a weight', { blockIO: { weight: 500 } }, 'blkio'),
    row('a weight of 1', { blockIO: { weight: 1 } }, 'blkio'),
    ...onDisk,
    row('a limit of a disk that isn\'t there', { blockIO: { throttleReadBpsDevice: [{ major: 999, minor: 9, rate: 1 }] } }, 'blkio'),
    row('huge pages of no size', { hugepageLimits: [{ pageSize: 'huge', limit: 1 }] }, 'memory'),
    rules('no devices', [nobody]),
    rules('no devices but one', [nobody, { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' }]),
    rules('all devices of a kind', [nobody, { allow: true, type: 'b', access: 'r' }]),
    rules('all devices of a number', [nobody, { allow: true, type: 'c', major: 4, access: 'rwm' }]),
    rules('all devices', [{ allow: true, access: 'rwm' }]),
    rules('all devices but one', [{ allow: true, access: 'rwm' }, { allow: false, type: 'c', major: 1, minor: 11, access: 'rwm' }]),
    [
      'the groups of the container',
      { linux: { namespaces: namespaces('pid', 'ipc', 'uts', 'mount', 'cgroup'), resources: { pids: { limit: 30 } } }, mounts: [{ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'ro'] }] },
      'read /sys/fs/cgroup/pids/pids.max',
      'ls /sys/fs/cgroup',
      'write /sys/fs/cgroup/pids/pids.max 5',
    ],
    [
      'the groups of the container without a namespace',
      { linux: { resources: { pids: { limit: 30 } } }, mounts: [{ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'ro'] }] },
      'read /sys/fs/cgroup/pids/pids.max',
      'ls /sys/fs/cgroup',
    ],
    [
      'the groups of the container, to be changed',
      { linux: { namespaces: namespaces('pid', 'ipc', 'uts', 'mount', 'cgroup'), resources: { pids: { limit: 30 } } }, mounts: [{ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime', 'rw'] }] },
      'write /sys/fs/cgroup/pids/pids.max 25',
      'read /sys/fs/cgroup/pids/pids.max',
      'write /sys/fs/cgroup/new text',
      'ls /sys/fs/cgroup',
    ],
    [
      'the groups of the container without a namespace, to be changed',
      { linux: { resources: { pids: { limit: 30 } } }, mounts: [{ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev'] }] },
      'write /sys/fs/cgroup/pids/pids.max 25',
      'read /sys/fs/cgroup/pids/pids.max',
      'ls /sys/fs/cgroup',
    ],
  ]; // prettier-ignore
}
