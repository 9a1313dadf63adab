/** What a test needs of the machine, and why this machine can't run it. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { availableParallelism, release, userInfo } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findProgram } from './find-program.js';
import { readMounts } from './mountinfo.js';
import { buildProbe } from './probe.js';
import { textOr } from './read-or.js';

/** The sentence that says what is missing, without a full stop; undefined when nothing is. */
type Reason = string | undefined;

const checks = {
  root: () => (process.geteuid?.() === 0 ? undefined : 'root is needed; run the tests as root'),
  'readable-sources': readableSources,
  'ordinary-user': () => (process.geteuid?.() === 0 ? 'an ordinary user is needed, and this is root' : undefined),
  cgroup1: () => missing(hasMount('cgroup'), 'no cgroup v1 hierarchy is mounted'),
  cgroup2: () => missing(hasMount('cgroup2'), 'no cgroup v2 hierarchy is mounted'),
  'pure-cgroup2': () =>
    missing(hasMount('cgroup2') && !hasMount('cgroup'), 'the host has cgroup v1 hierarchies, or no cgroup v2 at all'),
  psi: () =>
    missing(
      textOr('/proc/pressure/memory') !== '',
      'the kernel has no PSI (CONFIG_PSI, and psi=1 on its command line)',
    ),
  systemd: () => missing(isDirectory('/run/systemd/system'), 'the host was not booted with systemd'),
  'no-systemd': () => missing(!isDirectory('/run/systemd/system'), 'the host was booted with systemd'),
  userns: userNamespaces,
  timens: () =>
    missing(textOr('/proc/self/timens_offsets') !== '', 'the kernel has no time namespaces (CONFIG_TIME_NS)'),
  overlay: () =>
    missing(/\toverlay$/m.test(textOr('/proc/filesystems')), 'the kernel has no overlay filesystem loaded'),
  seccomp: () => missing(textOr('/proc/sys/kernel/seccomp/actions_avail') !== '', 'the kernel has no seccomp filters'),
  landlock,
  compiler: () => program('gcc', 'gcc libc6-dev'),
  probe: () =>
    buildProbe().match(
      () => undefined,
      (error) => error.message,
    ),
  busybox: () => program('busybox', 'busybox-static'),
  strace: () => program('strace', 'strace'),
  'python-pty': () =>
    missing(
      spawnSync('python3', ['-c', 'import pty']).status === 0,
      'Python with its module pty is missing; install it with "apt-get install python3"',
    ),
  newuidmap: () => program('newuidmap', 'uidmap') ?? program('newgidmap', 'uidmap'),
  subuid: () => subordinateIds('/etc/subuid') ?? subordinateIds('/etc/subgid'),
  iproute2: () => program('ip', 'iproute2'),
  nftables: () => program('nft', 'nftables') ?? bridges(),
  tun: () => missing(/^ *200 tun$/m.test(textOr('/proc/misc')), 'the kernel has no tun device (CONFIG_TUN)'),
  criu,
  fuse: () => missing(isCharacterDevice('/dev/fuse'), '/dev/fuse is missing (CONFIG_FUSE_FS)'),
  quadlet: () =>
    missing(
      statSync('/usr/libexec/podman/quadlet', { throwIfNoEntry: false }) !== undefined,
      'podman has no quadlet, which came with podman 4.4 (Debian 12 has 4.3)',
    ),
  'cni-plugins': () =>
    missing(
      statSync('/usr/lib/cni/bridge', { throwIfNoEntry: false }) !== undefined,
      'the plugins of CNI are missing; install them with "apt-get install containernetworking-plugins iptables"',
    ) ?? program('iptables'),
  pasta: () => program('pasta', 'passt'),
  slirp4netns: () => program('slirp4netns', 'slirp4netns'),
  vm: () =>
    missing(
      process.env['VM_RUN'] === '1',
      'it changes the groups of this very login, so only a virtual machine will do; run "npm test -- v2"',
    ),
  'two-processors': () => missing(availableParallelism() > 1, 'this process may use one processor only'),
  kvm: () => missing(isCharacterDevice('/dev/kvm'), '/dev/kvm is missing'),
} as const satisfies Record<string, () => Reason>;

/**
 * A need by name, a program in the PATH (`tool:criu`), a cgroup controller of either version (`controller:memory`), or a kernel
 * not older than (`kernel:5.12`).
 */
export type Requirement =
  keyof typeof checks | `tool:${string}` | `controller:${string}` | `kernel:${number}.${number}`;

export type RequirementsMet = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** All that is missing, in one sentence. */
export function requires(...requirements: readonly Requirement[]): RequirementsMet {
  const reasons = requirements.map(check).filter((reason) => reason !== undefined);
  return reasons.length === 0 ? { ok: true } : { ok: false, reason: reasons.join('; ') };
}

const known = new Map<Requirement, Reason>();

function check(requirement: Requirement): Reason {
  if (!known.has(requirement)) known.set(requirement, checkNow(requirement));
  return known.get(requirement);
}

function checkNow(requirement: Requirement): Reason {
  const [kind, argument] = requirement.split(':');
  if (argument === undefined) return checks[requirement as keyof typeof checks]();
  if (kind === 'tool') return program(argument);
  if (kind === 'controller') return controller(argument);
  return missing(isAtLeast(release(), argument), `Linux ${argument} is needed, and this is ${release()}`);
}

const missing = (there: boolean, reason: string): Reason => (there ? undefined : reason);

/** Compares kernel releases by their first two numbers: `6.1.0-18-amd64` is at least `5.12`. */
export function isAtLeast(actual: string, wanted: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).map(Number);
  const [major = 0, minor = 0] = numbers(actual);
  const [wantedMajor = 0, wantedMinor = 0] = numbers(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function program(name: string, provider?: string): Reason {
  const remedy = provider === undefined ? '' : `; install it with "apt-get install ${provider}"`;
  return missing(findProgram(name) !== undefined, `the program ${name} isn't installed${remedy}`);
}

const hasMount = (type: string) => readMounts().some((mount) => mount.type === type);

function controller(name: string): Reason {
  const version1 = readMounts().some(
    ({ type, superOptions }) => type === 'cgroup' && superOptions.split(',').includes(name),
  );
  const version2 = readMounts()
    .filter(({ type }) => type === 'cgroup2')
    .some(({ target }) => textOr(`${target}/cgroup.controllers`).split(/\s/).includes(name));
  return missing(version1 || version2, `no mounted cgroup hierarchy has the controller ${name}`);
}

/** Tests that start these sources as another user need that it can read them: below /root it can't. */
function readableSources(): Reason {
  if (process.geteuid?.() !== 0) return undefined;
  const file = fileURLToPath(new URL('../package.json', import.meta.url));
  const script = `require('fs').readFileSync(${JSON.stringify(file)})`;
  const { status } = spawnSync(process.execPath, ['-e', script], { uid: 65534, gid: 65534, stdio: 'ignore' });
  return missing(status === 0, 'an ordinary user must be able to read these sources; clone them e.g. below /srv');
}

function userNamespaces(): Reason {
  const { status, stderr, error } = spawnSync('unshare', ['--user', 'true'], { encoding: 'utf8' });
  if (error !== undefined)
    return 'whether user namespaces work is unknown: the program unshare is missing (util-linux)';
  return missing(status === 0, `this user can't make user namespaces (${stderr.trim()})`);
}

/** In a net namespace of its own, which is gone with the command. */
function bridges(): Reason {
  const script =
    'ip link add type bridge && ip link add type veth && nft add table inet x && nft add chain inet x y "{ type nat hook postrouting priority 100; }"';
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'sh', '-ec', script], { encoding: 'utf8' });
  if (error !== undefined)
    return 'whether the kernel has bridges is unknown: the program unshare is missing (util-linux)';
  return missing(status === 0, `the kernel has no bridges, veth pairs or nftables (${stderr.trim()})`);
}

function landlock(): Reason {
  const probe = buildProbe();
  if (probe.isErr()) return probe.error.message;
  // landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) has the same number everywhere.
  const { stdout } = spawnSync(probe.value, ['syscall', '444', '0', '0', '1'], { encoding: 'utf8' });
  return missing(/"result":[1-9]/.test(stdout), `Landlock is not enabled in this kernel (${stdout.trim()})`);
}

/** The one that haco takes; Debian 12 has one that is too old for current kernels. */
function criu(): Reason {
  const given = process.env['HACO_CRIU'] ?? 'criu';
  if (!given.includes('/') && findProgram(given) === undefined) return program('criu', 'criu');
  const { status, stderr } = spawnSync(given, ['check'], { encoding: 'utf8' });
  return missing(
    status === 0,
    `criu doesn't work on this kernel; name a newer one by HACO_CRIU (${stderr.trim().split('\n')[0] ?? ''})`,
  );
}

function subordinateIds(file: string): Reason {
  const { username, uid } = userInfo();
  const names = [username, String(uid)];
  const found = textOr(file)
    .split('\n')
    .some((line) => names.includes(line.split(':')[0] ?? ''));
  return missing(found, `${file} has no range for ${username}`);
}

const isDirectory = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
const isCharacterDevice = (path: string) => statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;
