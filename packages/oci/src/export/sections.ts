/** The spec with a type for the section of each part that an export reads. */
import type { ProvisionSection, RootfsSection } from '@haco/bootstrap';
import type { CapsSection } from '@haco/caps';
import type { CgroupsSection } from '@haco/cgroups';
import type { ConfineSection, LsmSection, SeccompSection } from '@haco/confine';
import type { Spec } from '@haco/core';
import type { MountsSection } from '@haco/mounts';
import type { NamespacesSection } from '@haco/namespaces';
import type { NetworkSection } from '@haco/network';
import type { RlimitsSection } from '@haco/rlimits';

/** Sections that become fields of a configuration; all others are for haco alone. */
export interface Sections {
  readonly identity: Spec['identity'];
  readonly process: Spec['process'];
  readonly rootfs: RootfsSection;
  readonly provision: ProvisionSection;
  readonly mounts: MountsSection;
  readonly namespaces: NamespacesSection;
  readonly network: NetworkSection;
  readonly cgroups: CgroupsSection;
  readonly rlimits: RlimitsSection;
  readonly caps: CapsSection;
  readonly confine: ConfineSection;
  readonly lsm: LsmSection;
  readonly seccomp: SeccompSection;
}

/** Their keys. */
export const representedSections = {
  identity: true,
  process: true,
  rootfs: true,
  provision: true,
  mounts: true,
  namespaces: true,
  network: true,
  cgroups: true,
  rlimits: true,
  caps: true,
  confine: true,
  lsm: true,
  seccomp: true,
} as const satisfies Readonly<Record<keyof Sections, true>>;
