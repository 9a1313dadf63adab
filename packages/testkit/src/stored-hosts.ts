/** Five hosts as plain values, for golden plans: the same plan on every machine that runs the tests. */
import { type CgroupMount, type FeatureName, featureNames, type HostFacts } from '@haco/plan';

/** Capabilities by number, as of Linux 6.1; kernels since 5.9 know all of them. */
const capabilities = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

function features(...absent: readonly FeatureName[]): HostFacts['features'] {
  return Object.fromEntries(featureNames.map((name) => [name, !absent.includes(name)])) as Record<FeatureName, boolean>;
}

/** v1 hierarchies as systemd mounts them, with this process in `group` of those that systemd manages. */
function v1Mounts(): Readonly<Record<string, CgroupMount>> {
  const mounts: readonly (readonly [directory: string, ownGroup: string])[] = [
    ['cpu,cpuacct', '/system.slice/ssh.service'],
    ['memory', '/system.slice/ssh.service'],
    ['pids', '/system.slice/ssh.service'],
    ['devices', '/system.slice/ssh.service'],
    ['blkio', '/system.slice/ssh.service'],
    ['cpuset', '/'],
    ['freezer', '/'],
    ['hugetlb', '/'],
    ['net_cls,net_prio', '/'],
    ['perf_event', '/'],
    ['rdma', '/'],
    ['misc', '/'],
  ];
  const named: readonly (readonly [string, CgroupMount])[] = [
    ['name=systemd', { mountPoint: '/sys/fs/cgroup/systemd', ownGroup: '/system.slice/ssh.service', writable: true }],
  ];
  return Object.fromEntries([
    ...mounts.flatMap(([directory, ownGroup]) => {
      const mount: CgroupMount = { mountPoint: `/sys/fs/cgroup/${directory}`, ownGroup, writable: true };
      return directory.split(',').map((controller) => [controller, mount] as const);
    }),
    ...named,
  ]);
}

const allControllers = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids', 'rdma', 'misc'] as const;

/** Debian 12 with its default hierarchy, as root from an ssh session. */
const v2: HostFacts = {
  arch: 'x64',
  kernel: { release: '6.1.0-37-amd64', major: 6, minor: 1 },
  pid: 0,
  euid: 0,
  egid: 0,
  capabilities,
  knownCapabilities: capabilities,
  features: features(),
  cgroups: {
    mode: 'v2',
    v1: {},
    v2: {
      mountPoint: '/sys/fs/cgroup',
      ownGroup: '/user.slice/user-0.slice/session-1.scope',
      writable: true,
      controllers: ['memory', 'pids'],
      subtreeControl: [],
    },
  },
  userNamespaces: {
    max: 63_000,
    unprivilegedDisabled: false,
    apparmorRestricted: false,
    subuid: [],
    subgid: [],
    newidmap: true,
  },
  oomScoreAdj: 0,
  noNewPrivileges: false,
  nrOpen: 1_048_576,
  confinement: {
    landlockAbi: 2,
    securityModules: ['lockdown', 'capability', 'landlock', 'yama', 'apparmor', 'tomoyo', 'bpf'],
    keyrings: true,
    coreScheduling: 'available',
    speculation: { storeBypass: 'controllable', indirectBranch: 'controllable', l1dFlush: 'not-affected' },
  },
};

/**
 * Hosts that differ in what changes plans; `pid` is 0.
 *
 * | name | what |
 * | --- | --- |
 * | `v1` | root, every controller on cgroup v1, no v2 |
 * | `v2` | root, cgroup v2 only |
 * | `hybrid` | root, controllers on v1, v2 mounted without any |
 * | `rootless` | an ordinary user on v2, with subordinate ids and a delegated group |
 * | `kernel511` | root on Linux 5.11: no mount_setattr, no cgroup.kill |
 */
export const storedHosts = {
  v1: { ...v2, cgroups: { mode: 'v1', v1: v1Mounts() } },
  v2,
  hybrid: {
    ...v2,
    cgroups: {
      mode: 'hybrid',
      v1: v1Mounts(),
      v2: {
        mountPoint: '/sys/fs/cgroup/unified',
        ownGroup: '/system.slice/ssh.service',
        writable: true,
        controllers: [],
        subtreeControl: [],
      },
    },
  },
  rootless: {
    ...v2,
    euid: 1000,
    egid: 1000,
    capabilities: [],
    cgroups: {
      mode: 'v2',
      v1: {},
      v2: {
        mountPoint: '/sys/fs/cgroup',
        ownGroup: '/user.slice/user-1000.slice/user@1000.service/app.slice/run-u1.scope',
        writable: true,
        controllers: ['cpu', 'memory', 'pids'],
        subtreeControl: [],
      },
    },
    userNamespaces: {
      ...v2.userNamespaces,
      subuid: [{ start: 100_000, count: 65_536 }],
      subgid: [{ start: 100_000, count: 65_536 }],
    },
  },
  kernel511: {
    ...v2,
    kernel: { release: '5.11.12-300.fc34.x86_64', major: 5, minor: 11 },
    confinement: {
      landlockAbi: 0,
      securityModules: ['lockdown', 'capability', 'yama', 'selinux', 'bpf'],
      keyrings: true,
      coreScheduling: 'absent',
      speculation: { storeBypass: 'controllable', indirectBranch: 'controllable', l1dFlush: 'uncontrollable' },
    },
    features: features('mount_setattr', 'cgroup_kill'),
    cgroups: {
      mode: 'v2',
      v1: {},
      v2: {
        mountPoint: '/sys/fs/cgroup',
        ownGroup: '/',
        writable: true,
        // The misc controller came with 5.13.
        controllers: allControllers.filter((name) => name !== 'misc'),
        subtreeControl: ['cpu', 'memory', 'pids'],
      },
    },
  },
} as const satisfies Readonly<Record<string, HostFacts>>;

/** A name of {@link storedHosts}. */
export type StoredHostName = keyof typeof storedHosts;
