/** Where haco-oci and another runtime differ, and why that is so. An entry that no longer differs fails the test. */

export interface KnownDifference {
  /** Names of cases, each of which must differ; or all that match, of which one must. */
  readonly cases: readonly string[] | RegExp;
  /** Paths of the observation; `outcome` is whether it ran or was refused. */
  readonly paths: RegExp;
  readonly reason: string;
  /** What of the machine decides whether it shows; such an entry may be unseen. */
  readonly dependsOn?: string;
}

const outcome = /^outcome$/;
const of = (family: string, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `${family}: ${name}`);

/** Alike of runc and of crun. */
const ofBoth: readonly KnownDifference[] = [
  {
    cases: of('process', 'a program without PATH'),
    paths: outcome,
    reason: 'execvp(3), whose semantics the specification asks for, looks in /bin and /usr/bin then; others look nowhere',
  },
  {
    cases: of('capabilities', 'all capabilities in three sets', 'all capabilities in five sets', 'a user with all in five sets'),
    paths: outcome,
    reason: 'the specification: what cannot be granted must be logged as a warning, and should not fail; others fail',
    dependsOn: 'whether the caller has all capabilities that the kernel knows',
  },
  {
    cases: of('mounts', 'a bind mount with bind, bogus'),
    paths: outcome,
    reason: 'others give the option to the kernel, which takes no notice; haco never drops an option silently',
  },
  {
    cases: of('mounts', 'a bind mount by its type alone'),
    paths: outcome,
    reason: 'the type says what is meant; others want the option "bind" beside it',
  },
  {
    cases: of('mounts', 'a mount point with .. in it', 'a mount point that leaves the root'),
    paths: outcome,
    reason: 'haco asks for the target itself; others shorten the path',
  },
  {
    cases: of('mounts', 'mounts in mounts', 'a read-only /dev'),
    paths: outcome,
    reason: 'others make a tmpfs read-only when everything is in it; in haco it is so from its beginning, and the error says that nothing can be made in it',
  },
  {
    cases: of('mounts', "a /dev of the host's"),
    paths: outcome,
    reason: 'others need a /dev/null in it for themselves',
  },
  {
    cases: /^(mounts: a bind mount with rbind, .*ro|generated: )/,
    paths: /^(mounts\.\/mnt\/below\.options|write \/mnt\/below\/new text|exit code)/,
    reason: 'restrictions of a recursive bind mount hold for the mounts below it, too; elsewhere they are open to be written to',
  },
  {
    cases: of('mounts', 'a bind mount with rbind, shared'),
    paths: /^mounts\.\/mnt\/below\.propagation$/,
    reason: 'the propagation of a recursive bind mount is that of the mounts below it, too',
  },
  {
    cases: of('mounts', 'a directory on nothing'),
    paths: /^ls \/made\.file\.mode$/,
    reason: 'a file to mount on is made without a right to execute it, or with fewer',
  },
  {
    cases: /./,
    paths: /^mounts\.\/(mnt|mnt\/a|tmp|made\/by\/chance|proc|sys)(#2)?\.superOptions$/,
    reason: 'a read-only filesystem is read-only as a whole, not only in this mount; one that the kernel shares is not touched',
  },
  {
    cases: /^(mounts|paths|namespaces|generated): /,
    paths: /^(mounts\.(\/etc|\/tmp|\/proc\/acpi|\/proc\/scsi|\/proc\/keys|\/data\.txt)(#2)?\.|stat \/etc\.mode$)/,
    reason: 'what masks a path is an empty directory, or the null device, of a mount of haco itself, whose options are stricter and whose mode is 0755',
  },
  {
    cases: of('paths', 'a masked directory behind a link with ..'),
    paths: /^(mounts\.\/run\/app\.|stat \/run\/app\.mode$)/,
    reason: 'the same',
  },
  {
    cases: /^(paths|namespaces|generated): /,
    paths: /^env$/,
    reason: 'HOME comes from the /etc/passwd of the root, also where it is masked; others read what is left of it',
  },
  {
    cases: of('paths', 'a relative masked path'),
    paths: outcome,
    reason: 'the specification: "the values MUST be absolute paths"',
  },
  {
    cases: of('namespaces', 'a time namespace'),
    paths: outcome,
    reason: 'these versions have no time namespaces',
  },
  {
    cases: of('namespaces', "a user namespace and a file that only the host's root can reach"),
    paths: outcome,
    reason: 'haco opens what is bound with the rights of the root of the user namespace, others with those of the host',
  },
  {
    cases: /^(namespaces: all namespaces|generated: )/,
    paths: /^ls \/dev\.mqueue\.(uid|gid)$/,
    reason: 'the ipc namespace is made together with that of users, when nobody is mapped yet; everybody can write there all the same',
  },
  {
    cases: /^resources: the groups of the container/,
    paths: /^(mounts\.\/sys\/fs\/cgroup|ls \/sys\/fs\/cgroup)/,
    reason: 'the tree of hierarchies is read-only with nothing but hierarchies in it, the unified one among them',
  },
  {
    cases: of('resources', 'all devices but one'),
    paths: outcome,
    reason: 'devices of cgroup v1 can not take back a part of what is allowed, and the default devices come after the rules: haco refuses what would not hold',
  },
  {
    cases: of('resources', 'no devices', 'no devices but one', 'all devices of a kind', 'all devices of a number'),
    paths: /^read .*devices\.list$/,
    reason: 'the same devices in another order, without /dev/net/tun and the console, which the specification does not list for containers without a terminal',
  },
  {
    cases: of('invalid', 'an unknown capability', 'a capability without CAP_'),
    paths: outcome,
    reason: 'others warn and go on without it; who gives a name that means nothing to haco is told',
  },
  {
    cases: of('invalid', 'maps without a user namespace'),
    paths: outcome,
    reason: 'they would not hold',
  },
  {
    cases: of('invalid', 'a relative device', 'a relative mount point'),
    paths: outcome,
    reason: 'the specification wants absolute paths; others guess where from',
  },
]; // prettier-ignore

const ofRunc: readonly KnownDifference[] = [
  {
    cases: of('paths', 'a masked file behind a link with ..'),
    paths: /^(mounts\.\/run\/app(\/file)?\.|stat \/run\/app\.mode$)/,
    reason: 'what masks a file is the null device of a mount of haco itself, whose options are stricter than those of the host',
  },
  {
    cases: of('process', 'a user with a large number'),
    paths: outcome,
    reason: 'the kernel has ids of 32 bits; runc takes 31 of them',
  },
  {
    cases: of('process', 'an empty HOME'),
    paths: /^env$/,
    reason: 'a variable that is set to nothing is set',
  },
  {
    cases: of('process', 'a user with a group twice'),
    paths: /^ids\.groups$/,
    reason: 'the list is given to the kernel as it is',
  },
  {
    cases: of('mounts', 'a tmpfs with defaults'),
    paths: outcome,
    reason: '"defaults" means none; runc gives the word to the kernel',
  },
  {
    cases: of('mounts', 'no mounts at all'),
    paths: outcome,
    reason: 'runc needs a /proc in the container for itself',
  },
  {
    cases: /^(mounts|paths|namespaces|generated): /,
    paths: /^(stat \/(mnt|tmp|filled)\.mode|ls \/run\.app\.mode|write \/tmp\/new x\.|stat \/tmp\/new\.|ls \/dev\.|exit code$)/,
    reason: 'a tmpfs has the mode of its options, or that of the kernel (1777); runc 1.1 gives it that of the directory below, even where there is an option',
  },
  {
    cases: /^resources: /,
    paths: /^mounts\.\/groups\/\w+\.options$/,
    reason: 'restrictions of a recursive bind mount hold for the mounts below it, too',
  },
  {
    cases: of('paths', 'rootfsPropagation shared', 'rootfsPropagation rshared'),
    paths: /^mounts\..*\.propagation$/,
    reason: 'the specification: "the rootfs\'s mount propagation"; runc sets it for the mounts of the host and leaves the root private',
  },
  {
    cases: of('paths', 'rootfsPropagation unbindable', 'rootfsPropagation runbindable'),
    paths: outcome,
    reason: 'runc makes the root unbindable before it binds it',
  },
  {
    cases: of('devices', 'a default device with a mode of its own'),
    paths: outcome,
    reason: 'runc opens /dev/null again when it is not allowed to any more',
  },
  {
    cases: of('namespaces', 'a domain name'),
    paths: /^hostname\.domainname$/,
    reason: 'runc 1.1 has no domainname',
  },
  {
    cases: of('resources', 'no limits: devices'),
    paths: /^read .*devices\.list$/,
    reason: 'without rules, haco has none, as crun; runc denies all but its defaults',
  },
  {
    cases: of('resources', 'shares of 1'),
    paths: outcome,
    reason: 'the kernel takes it for 2; runc refuses it',
  },
  {
    cases: of('resources', 'an idle group'),
    paths: /^read .*cpu\.(shares|idle)$/,
    reason: 'runc 1.1 has no cpu.idle',
  },
  {
    cases: of('resources', 'a weight', 'a weight of 1'),
    paths: outcome,
    reason: 'a kernel without the scheduler CFQ has no blkio.weight: haco refuses what would not hold, runc takes the weight of another scheduler, or none',
  },
  {
    cases: of('seccomp', 'a filter with flags'),
    paths: outcome,
    reason: 'runc 1.1 has no flags of filters',
  },
  {
    cases: of('invalid', 'no version', 'a version that is none', 'a version of the future'),
    paths: outcome,
    reason: 'the specification: a runtime must not run what it does not know; runc does not look',
  },
  {
    cases: of('invalid', 'a user namespace without maps'),
    paths: outcome,
    reason: 'haco maps the ids that the host has given to the caller, as crun',
  },
  {
    cases: of('invalid', 'a device without a path', 'a rule with no access'),
    paths: outcome,
    reason: 'runc makes nothing of them, without a word',
  },
  {
    cases: of('invalid', 'a group that leads away'),
    paths: outcome,
    reason: 'runc shortens the path',
  },
]; // prettier-ignore

const ofCrun: readonly KnownDifference[] = [
  {
    cases: /./,
    paths: /^ls \/dev\.core\./,
    reason: 'crun makes a link /dev/core, which the specification does not list',
  },
  {
    cases: /./,
    paths: /^(read \/proc\/self\/cgroup|mounts\.\/groups)/,
    reason: 'crun 1.8 does not start on hybrid hosts; it sees none of cgroup v2 here, and is in no group of it',
  },
  {
    cases: /./,
    paths: /^env$/,
    reason: 'a user without an entry in /etc/passwd has / as HOME; crun sets none',
  },
  {
    cases: /./,
    paths: /^mounts\.\/dev\/(null|zero|full|random|urandom|tty)\.options$/,
    reason: 'devices of a user namespace are bound as they are; crun restricts them',
  },
  {
    cases: of('process', 'a variable without =', 'a variable without a name'),
    paths: outcome,
    reason: 'they are no variables; crun and the kernel take any text',
  },
  {
    cases: of('mounts', 'a tmpfs with nosymfollow'),
    paths: outcome,
    reason: 'crun 1.8 has no nosymfollow',
  },
  {
    cases: of('mounts', 'a tmpfs with ro, rw', 'a tmpfs with nosuid, suid', 'a tmpfs with noexec, exec'),
    paths: /^(mounts\.\/mnt\.options|write \/mnt\/new text\.|exit code$)/,
    reason: 'of two options that contradict each other the later counts; crun adds both up',
  },
  {
    cases: of('mounts', 'a tmpfs with shared', 'a tmpfs with unbindable', 'a bind mount with rbind, shared', 'a bind mount with rbind, rshared', 'a bind mount with bind, unbindable', 'a bind mount with rbind, runbindable'),
    paths: /^mounts\.\/mnt(\/below)?\.propagation$/,
    reason: 'crun makes its tree private again when all mounts are there',
  },
  {
    cases: /^mounts: (a mount point that isn't there|a tmpfs with a copy behind a link)/,
    paths: /^(stat \/made\/mount|ls \/run\.made)\.mode$/,
    reason: 'crun makes directories with the sticky bit',
  },
  {
    cases: of('paths', 'a readonly mount point'),
    paths: /^mounts\.\/mnt#2\.options$/,
    reason: 'a readonly path keeps the restrictions of the mount that it is in',
  },
  {
    cases: of('namespaces', 'all namespaces'),
    paths: /^mounts\.\/dev\/mqueue\.options$/,
    reason: 'crun restricts it, though no option says so',
  },
  {
    cases: of('resources', 'limits of memory of 0'),
    paths: outcome,
    reason: 'encoders of Go write 0 for nothing, and runc takes it so; crun gives it to the kernel, which runs nobody in no memory',
  },
  {
    cases: of('resources', 'no quota', 'no limit of processes'),
    paths: outcome,
    reason: 'crun 1.8 does not say -1 in the words of cgroup v1',
  },
  {
    cases: /^generated: /,
    paths: /^mounts\.\/(bound|run\/file)\.options$/,
    reason: 'crun 1.8 forgets restrictions of bind mounts in user namespaces',
  },
  {
    cases: /^generated: /,
    paths: outcome,
    reason: 'crun 1.8 makes no mount points in a user namespace whose root does not own the root directory',
    dependsOn: 'which of the mount points an earlier case has made',
  },
  {
    cases: of('invalid', 'a relative directory', 'a propagation that doesn\'t exist', 'a namespace twice', 'a device of no type', 'shares that are negative'),
    paths: outcome,
    reason: 'crun makes something of them, without a word',
  },
  {
    cases: of('invalid', 'a user that is a word', 'an oomScoreAdj that is a word', 'a terminal that nobody shows', 'an umask that is a word', 'a limit of memory that is a word', 'masked paths that are a word', 'a host name that is a number'),
    paths: outcome,
    reason: 'crun takes values of another type for none, or for 0',
  },
]; // prettier-ignore

/** By the runtime that is compared with. */
export const knownDifferences: Readonly<Record<string, readonly KnownDifference[]>> = {
  runc: [...ofBoth, ...ofRunc],
  crun: [...ofBoth, ...ofCrun],
};
