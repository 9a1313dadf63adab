/** For tests: every verb of a builder, so that none is forgotten. */
import { hostOverlay, haco, namespaceKinds } from '@haco/core';

/** What the calls are made on. */
export const verbBase = haco()
  .unshare(...namespaceKinds.filter((kind) => kind !== 'cgroup' && kind !== 'net'))
  .network('bridge')
  .chroot('/srv/root')
  .independent('dev')
  .command('/bin/true');

/** Arguments of a verb. */
export type Call = readonly unknown[];
const run = (): undefined => undefined;

/** Arguments of each verb that ask for something which the builder above hasn't. */
export const verbCalls: Readonly<Record<string, readonly Call[]>> = {
  name: [['other']],
  metadata: [[{ a: 'b' }]],
  hook: [['setup', run]],
  cpu: [[10], [10, { degrade: true }]],
  memory: [['1MiB']],
  pids: [[5]],
  cpuTimeout: [['1s']],
  resources: [
    [{ devices: [{ allow: false }] }],
    [{ freeze: true }],
    [{ cpu: { uclamp: { min: 5 } } }],
    [{ io: { devices: [{ device: '/dev/sdz', latency: '5ms' }] } }],
    [{ io: { devices: [{ device: '8:0', weight: 5 }] } }],
    [{ memory: { min: '1MiB' } }],
  ],
  cgroup: [
    ['memory.high', 5],
    ['cpu.of_tomorrow', 'x'],
  ],
  cgroupParent: [['ci']],
  network: [['host'], [{ join: '/run/netns/x' }], ['none']],
  publish: [[8080, 80]],
  dns: [[{ servers: ['10.0.0.1'] }]],
  unshare: [['cgroup']],
  enter: [
    ['cgroup', { path: '/run/ns/x' }],
    ['cgroup', { pid: 7 }],
  ],
  persist: [['uts', '/run/ns/kept']],
  hostname: [['other']],
  domainname: [['other']],
  sysctl: [['net.ipv4.ip_forward', 1]],
  mapUsers: [[[{ inside: 0, outside: 5, count: 1 }]]],
  mapGroups: [['nobody']],
  timeOffsets: [[{ monotonicMs: 5 }]],
  rootfs: [[hostOverlay()]],
  provision: [['hello', 'echo hello']],
  chroot: [['/srv/other'], ['/srv/root', { readonly: true }], ['/srv/root', { mode: 'chroot' }]],
  mount: [
    ['/a', '/b'],
    ['/a', '/b', { idmap: { userNamespace: '/proc/1/ns/user' } }],
    ['x', '/b', { type: 'ext4' }],
  ],
  idmapRoot: [[]],
  tmpfs: [['/tmp']],
  independent: [['sysfs'], ['cgroup'], ['procfs'], ['devpts', 'shm']],
  overlay: [['/var']],
  file: [['/etc/x', 'x']],
  mask: [['/proc/kcore']],
  readonlyPaths: [['/proc/sys']],
  networkEtc: [[]],
  lxcfs: [[]],
  command: [['/bin/false'], ['/bin/true', '']],
  sh: [['true']],
  workdir: [['/tmp']],
  env: [[{ A: '' }]],
  user: [[5], [0, 5], [0, 0, [5]], ['somebody']],
  umask: [[0o077]],
  oomScoreAdj: [[5]],
  scheduler: [[{ policy: 'batch' }], [{ policy: 'fifo', priority: 5 }]],
  ioPriority: [['idle'], ['be', 7]],
  cpuAffinity: [['0'], [[0, 1]]],
  execCpuAffinity: [[{ initial: '0' }], [{ final: [1] }]],
  personality: [['linux32']],
  stdin: [['null'], [{ text: 'x' }]],
  stdout: [[{ file: '/tmp/x' }]],
  stderr: [['null']],
  tty: [[], [{ columns: 5 }]],
  init: [[]],
  startFifo: [['/run/fifo']],
  rlimit: [['core', 0]],
  caps: [['none'], [{ drop: 'chown' }]],
  capSets: [[{ ambient: 'chown', inheritable: 'chown' }], [{ bounding: [] }]],
  securebits: [['noroot']],
  noNewPrivileges: [[]],
  sessionKeyring: [[]],
  coreScheduling: [[]],
  speculation: [[]],
  apparmor: [['mine'], ['mine', { degrade: true }]],
  selinux: [['u:r:t:s0']],
  landlock: [[{ read: '/' }]],
  seccomp: [['default'], [{ defaultAction: 'SCMP_ACT_ALLOW' }]],
  onSyscall: [['mkdir', run]],
  timeout: [['1s']],
  outputLimit: [['1MiB']],
  signal: [[new AbortController().signal]],
  restoreFrom: [['/srv/checkpoint']],
  restart: [['always']],
  health: [[{ command: ['true'] }]],
  logs: [[{ to: 'none' }]],
  stopSignal: [['SIGINT']],
  timer: [[{ every: '1s' }, run]],
  readiness: [[{ file: '/ready' }]],
  onEvent: [['oom', run]],
  onSignal: [['SIGHUP', run]],
};
