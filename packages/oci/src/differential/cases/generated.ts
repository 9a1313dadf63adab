/** Configurations out of a generator: fields that each work alone, put together at random. */
import { namespaces, type Host, type Json, type Mount, type Row } from '../case.js';
import { randomOf, type Random } from '@haco/testkit';

const capabilityNames = ['CHOWN', 'NET_RAW', 'SYS_ADMIN', 'SETUID', 'SETGID', 'KILL', 'MKNOD', 'SYS_CHROOT'];

function processOf(random: Random): Json {
  const bounding = random.some(capabilityNames).map((name) => `CAP_${name}`);
  const permitted = random.some(bounding);
  const uid = random.one([0, 0, 1, 1000, 65534]);
  return {
    user: {
      uid,
      gid: random.one([0, 1000, 5]),
      ...(random.maybe() ? { additionalGids: random.some([1, 5, 10, 2000]) } : {}),
      ...(random.maybe() ? { umask: random.one([0, 0o22, 0o27, 0o77]) } : {}),
    },
    env: ['PATH=/bin', ...random.some(['A=1', 'B=', 'LONG=' + 'x'.repeat(200), 'HOME=/tmp'])],
    cwd: random.one(['/', '/tmp', '/etc', '/proc']),
    capabilities: { bounding, permitted, effective: random.some(permitted), inheritable: random.some(permitted) },
    noNewPrivileges: random.maybe(),
    ...(random.maybe() ? { oomScoreAdj: random.below(1000) } : {}),
    rlimits: random.some(['NOFILE', 'CORE', 'SIGPENDING', 'LOCKS']).map((name) => {
      const soft = 32 + random.below(100);
      return { type: `RLIMIT_${name}`, soft, hard: soft + random.below(100) };
    }),
  };
}

function mountsOf(random: Random, { data }: Host): readonly Mount[] {
  const flags = (): readonly string[] => random.some(['nosuid', 'nodev', 'noexec', 'ro']);
  const candidates: readonly Mount[] = [
    { destination: '/mnt', type: 'tmpfs', source: 'tmpfs', options: [...flags(), `size=${String(1 + random.below(8))}m`] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: [...flags(), random.one(['mode=1777', 'mode=700', 'noatime'])] },
    { destination: '/made/by/chance', type: 'tmpfs', source: 'tmpfs', options: flags() },
    { destination: '/bound', source: `${data}/tree/below`, options: [random.one(['bind', 'rbind']), ...flags()] },
    { destination: '/run/file', source: `${data}/file`, options: ['bind', ...flags()] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  ]; // prettier-ignore
  return random.some(candidates);
}

function linuxOf(random: Random): Json {
  const kinds = ['pid', 'uts', 'mount', 'ipc', ...random.some(['network', 'cgroup', 'user'])];
  const maps = [{ containerID: 0, hostID: 100000 * (1 + random.below(3)), size: 65536 }];
  return {
    namespaces: namespaces(...kinds),
    ...(kinds.includes('user') ? { uidMappings: maps, gidMappings: maps } : {}),
    maskedPaths: random.some(['/proc/keys', '/etc', '/proc/scsi', '/nonesuch']),
    readonlyPaths: random.some(['/proc/sys', '/proc/irq', '/usr', '/proc/sysrq-trigger']),
    sysctl: Object.fromEntries([
      ...(random.maybe() ? [['kernel.msgmax', String(1024 + random.below(4096))]] : []),
      ...(kinds.includes('network') ? [['net.ipv4.ip_default_ttl', String(10 + random.below(90))]] : []),
    ]),
    resources: {
      ...(random.maybe() ? { pids: { limit: 10 + random.below(50) } } : {}),
      ...(random.maybe() ? { cpu: { shares: 2 + random.below(2000) } } : {}),
      ...(random.maybe() ? { memory: { limit: 4096 * (8192 + random.below(8192)) } } : {}),
    },
    ...(random.maybe()
      ? {
          seccomp: {
            defaultAction: 'SCMP_ACT_ALLOW',
            architectures: ['SCMP_ARCH_X86_64'],
            syscalls: [{ names: ['getpriority'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 + random.below(90) }],
          },
        }
      : {}),
  };
}

/** As many as are asked for; the same seed gives the same. */
export function generatedRows(host: Host, seed: number, count: number): readonly Row[] {
  return Array.from({ length: count }, (_, index): Row => {
    const random = randomOf(seed + index);
    const change = {
      process: processOf(random),
      linux: linuxOf(random),
      mounts: mountsOf(random, host),
      root: { readonly: random.maybe() },
    };
    const group = `read /proc/sys/kernel/msgmax`;
    return [
      `seed ${String(seed + index)}`,
      change,
      group,
      'stat /mnt',
      'stat /tmp',
      'syscall 140 0 0',
      'write /tmp/new x',
      'stat /tmp/new',
    ];
  });
}
