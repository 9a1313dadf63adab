/** `features`: what this runtime understands, as the specification's features document. */
import { ok } from 'neverthrow';
import { probeHost } from '@haco/sys';
import { specVersion } from '../spec-version.js';
import { version } from '../version.js';
import type { Run } from './command.js';

const mountOptions =
  'async atime bind defaults dev diratime exec idmap loud noatime nodev nodiratime noexec nolazytime norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime rexec ridmap rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow rw shared slave strictatime suid symfollow tmpcopyup';

const words = (prefix: string, names: string): readonly string[] => names.split(' ').map((name) => `${prefix}${name}`);

/** The document. */
export function featuresDocument(capabilities: readonly string[]): object {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: specVersion,
    hooks: ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'],
    mountOptions: mountOptions.split(' '),
    linux: {
      namespaces: ['cgroup', 'ipc', 'mount', 'network', 'pid', 'time', 'user', 'uts'],
      capabilities: capabilities.map((name) => `CAP_${name.toUpperCase()}`),
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: words('SCMP_ACT_', 'ALLOW ERRNO KILL KILL_PROCESS KILL_THREAD LOG TRACE TRAP'),
        operators: words('SCMP_CMP_', 'EQ GE GT LE LT MASKED_EQ NE'),
        archs: words('SCMP_ARCH_', 'AARCH64 ARM X32 X86 X86_64'),
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: false },
      mountExtensions: { idmap: { enabled: true } },
    },
    // The second one as runc has it: engines look for no other.
    annotations: { 'dev.haco.version': version, 'org.opencontainers.runc.checkpoint.enabled': 'true' },
  };
}

export const run: Run = () => {
  process.stdout.write(`${JSON.stringify(featuresDocument(probeHost().knownCapabilities), undefined, 2)}\n`);
  return Promise.resolve(ok(0));
};
