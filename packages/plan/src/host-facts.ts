/** What planning must know of a host: a plain snapshot, so that any host can be planned for on any machine. */

/** Kernel features that change a plan. */
export const featureNames = [
  'clone3',
  'clone_into_cgroup',
  'openat2',
  'close_range',
  'pidfd_open',
  'open_tree',
  'mount_setattr',
  'cgroup_kill',
  'time_namespace',
  'user_namespace',
  'memfd_exec',
] as const;

/** One of {@link featureNames}. */
export type FeatureName = (typeof featureNames)[number];

/** Where one cgroup hierarchy is mounted and where in it this process is. */
export interface CgroupMount {
  /** Directory of the mount, e.g. `/sys/fs/cgroup/memory`. */
  readonly mountPoint: string;
  /** This process's group relative to the mount, beginning with `/`. */
  readonly ownGroup: string;
  /** Whether this process may create groups below its own there. */
  readonly writable: boolean;
}

/**
 * The name of a leaf of v2: a process that is in a group of this name counts as being in the group above, so that the containers'
 * groups lie beside it. Moving there is how a group is freed from processes of its own.
 */
export const leafGroup = 'haco-self';

/** The cgroup hierarchies of a host. */
export interface CgroupFacts {
  /** `hybrid`: v1 controllers, and a v2 hierarchy mounted beside them. */
  readonly mode: 'v1' | 'v2' | 'hybrid' | 'none';
  /** v1 hierarchies by controller (`cpu`, `memory`, `pids`, …); co-mounted controllers share a mount. */
  readonly v1: Readonly<Record<string, CgroupMount>>;
  /** The v2 hierarchy. */
  readonly v2?: CgroupMount & {
    /** Controllers that can be enabled for children of the own group. */
    readonly controllers: readonly string[];
    /** Controllers already in the own group's `cgroup.subtree_control`. */
    readonly subtreeControl: readonly string[];
    /**
     * Whether processes are in the own group, which keeps it from handing controllers down. Only known when this process is in
     * its leaf; else it is one of them itself.
     */
    readonly occupied?: boolean;
    /**
     * The group at the mount point. `isRoot`: it is the root of the whole hierarchy, the only one that may have processes and hand
     * controllers down at the same time; inside of a container it is that container's group. `writable`: this process may make
     * groups there; missing in a snapshot that doesn't tell, where root may. Missing: the root, as far as is known.
     */
    readonly top?: { readonly isRoot: boolean; readonly controllers: readonly string[]; readonly writable?: boolean };
  };
}

/** A range of ids: subordinate ones, from `/etc/subuid` or `/etc/subgid`, or those that a user namespace has. */
export interface SubordinateRange {
  readonly start: number;
  readonly count: number;
}

/** How a process may influence one way in which its processor speculates; PR_SET_SPECULATION_CTRL(2const). */
export type SpeculationControl = 'controllable' | 'not-affected' | 'mitigated' | 'uncontrollable';

/** What of a host can confine a process. */
export interface ConfinementFacts {
  /** ABI of Landlock; 0: there is none. */
  readonly landlockAbi: number;
  /**
   * Active security modules, as `/sys/kernel/security/lsm` names them; where that can't be seen, those that are known by other signs.
   * SELinux without a policy isn't active.
   */
  readonly securityModules: readonly string[];
  /** Whether keyctl(2) may be called. */
  readonly keyrings: boolean;
  /** `no-siblings`: its processors share no core, so there is nothing to keep apart. */
  readonly coreScheduling: 'available' | 'no-siblings' | 'absent';
  readonly speculation: {
    readonly storeBypass: SpeculationControl;
    readonly indirectBranch: SpeculationControl;
    readonly l1dFlush: SpeculationControl;
  };
}

/** A snapshot of a host, as far as plans depend on it. JSON-serializable. */
export interface HostFacts {
  readonly arch: 'x64' | 'arm64' | 'unsupported';
  readonly kernel: { readonly release: string; readonly major: number; readonly minor: number };
  /** Process id of the Node process that plans; 0 in a stored snapshot. */
  readonly pid: number;
  readonly euid: number;
  readonly egid: number;
  /** Names of the effective capabilities, without prefix, in lower case. */
  readonly capabilities: readonly string[];
  /** Names of the capabilities that this kernel knows, by number. */
  readonly knownCapabilities: readonly string[];
  readonly features: Readonly<Record<FeatureName, boolean>>;
  readonly cgroups: CgroupFacts;
  readonly userNamespaces: {
    /** `/proc/sys/user/max_user_namespaces`; 0 forbids. The largest safe integer where the file is hidden. */
    readonly max: number;
    /** `kernel.unprivileged_userns_clone` is 0 (Debian's older patch). */
    readonly unprivilegedDisabled: boolean;
    /** `kernel.apparmor_restrict_unprivileged_userns` is 1 (Ubuntu ≥ 23.10), and no AppArmor profile speaks for this process. */
    readonly apparmorRestricted: boolean;
    readonly subuid: readonly SubordinateRange[];
    readonly subgid: readonly SubordinateRange[];
    /** Both `newuidmap` and `newgidmap` are on the PATH. */
    readonly newidmap: boolean;
    /** Mount point with `nosuid` on which one of them lies, which has no rights of its own there. */
    readonly newidmapNosuid?: string;
    /** Ids that there are in the user namespace of this process, when not all are: only they can be mapped into another one. */
    readonly uids?: readonly SubordinateRange[];
    readonly gids?: readonly SubordinateRange[];
  };
  /** `/proc/self/oom_score_adj` of the Node process, inherited by what it starts. */
  readonly oomScoreAdj: number;
  readonly noNewPrivileges: boolean;
  /** Highest value that `RLIMIT_NOFILE` may have (`fs.nr_open`). */
  readonly nrOpen: number;
  /**
   * `heedsWeights`: the scheduler of some disk shares it by the weights of groups (BFQ), or v2's io.cost is on. Missing in a snapshot
   * that doesn't tell.
   */
  readonly disks?: { readonly heedsWeights: boolean };
  /** Missing in a snapshot that doesn't tell: nothing of it is counted on. */
  readonly confinement?: ConfinementFacts;
  /**
   * Paths by which every procfs, or every sysfs, that this process sees is covered, as in an outer container: the kernel then refuses a new
   * user namespace one of its own, which would uncover them. Empty: there is none, or none that could be shown. Missing: nothing is known
   * against it.
   */
  readonly covered?: { readonly procfs?: readonly string[]; readonly sysfs?: readonly string[] };
  /** `XDG_RUNTIME_DIR`: a directory of the user's that is gone after a reboot. Missing where there is none. */
  readonly runtimeDirectory?: string;
}

/** Whether the caller is root of the machine, not only of a user namespace, where euid 0 is an ordinary user by another name. */
export function isHostRoot({ euid, userNamespaces }: Pick<HostFacts, 'euid' | 'userNamespaces'>): boolean {
  return euid === 0 && userNamespaces.uids === undefined;
}
