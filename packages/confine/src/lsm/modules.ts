/** The security modules whose labels can be set: what each wants written, and how a host shows that it runs it. */
import { isKernelAtLeast, type HostFacts } from '@haco/plan';
import type { LsmSection } from './section.js';

/** One label that was asked for. */
export interface Label {
  /** As in `/sys/kernel/security/lsm`; also the key of the section, the verb, and the name in `Outcome.enforced`. */
  readonly module: 'apparmor' | 'selinux';
  readonly title: string;
  readonly label: string;
  /** What is written. */
  readonly text: string;
  /** The file of the process, below its directory in procfs. */
  readonly file: string;
  readonly source: string;
  /** How to see whether a host runs it. */
  readonly look: string;
  readonly degrade: boolean;
}

/** The labels that a section asks for. */
export function labelsOf({ apparmor, selinux }: LsmSection, { kernel }: HostFacts): readonly Label[] {
  // Since Linux 5.8 AppArmor has files of its own; the common ones belong to whichever module comes first.
  const hasOwn = isKernelAtLeast(kernel, '5.8');
  return [
    ...(apparmor === undefined
      ? []
      : [
          {
            module: 'apparmor',
            title: 'AppArmor',
            label: apparmor.profile,
            text: `exec ${apparmor.profile}`,
            file: hasOwn ? 'attr/apparmor/exec' : 'attr/exec',
            source: 'aa_change_onexec(2)',
            look: 'cat /sys/module/apparmor/parameters/enabled',
            degrade: apparmor.degrade === true,
          } as const,
        ]),
    ...(selinux === undefined
      ? []
      : [
          {
            module: 'selinux',
            title: 'SELinux',
            label: selinux.label,
            text: selinux.label,
            file: 'attr/exec',
            source: 'setexeccon(3)',
            look: 'ls /sys/fs/selinux',
            degrade: selinux.degrade === true,
          } as const,
        ]),
  ];
}

/** Whether the host runs the module. */
export function isActive({ module }: Label, { confinement }: HostFacts): boolean {
  return confinement?.securityModules.includes(module) === true;
}
