/** Attributes of mounts: how they are spelled in each of the kernel's interfaces, and how a mount gets them. */
import { flags, openFlags, slot, struct, syscall, type Flags, type Operation, plain } from '@haco/plan';
import { AT_FDCWD, atFlags, mountAttributes, mountFlags, NULL } from './constants.js';
import type { MountAttributes, Propagation } from './section.js';
import type { Situation } from './situation.js';

const spelling = {
  readonly: ['MOUNT_ATTR_RDONLY', 'MS_RDONLY', 'read-only'],
  nosuid: ['MOUNT_ATTR_NOSUID', 'MS_NOSUID', 'without set-uid'],
  nodev: ['MOUNT_ATTR_NODEV', 'MS_NODEV', 'without devices'],
  noexec: ['MOUNT_ATTR_NOEXEC', 'MS_NOEXEC', 'without programs'],
  nosymfollow: ['MOUNT_ATTR_NOSYMFOLLOW', 'MS_NOSYMFOLLOW', 'without links'],
  noatime: ['MOUNT_ATTR_NOATIME', 'MS_NOATIME', 'without access times'],
  strictatime: ['MOUNT_ATTR_STRICTATIME', 'MS_STRICTATIME', 'with all access times'],
  nodiratime: ['MOUNT_ATTR_NODIRATIME', 'MS_NODIRATIME', 'without access times of directories'],
} as const satisfies Record<
  keyof MountAttributes,
  readonly [keyof typeof mountAttributes, keyof typeof mountFlags, string]
>;

type AttributeName = keyof typeof spelling;

function namesOf(attributes: MountAttributes): readonly AttributeName[] {
  return (Object.keys(spelling) as readonly AttributeName[]).filter(
    (name) => Object.hasOwn(attributes, name) && attributes[name] === true,
  );
}

/** Whether any is set. */
export function hasAttributes(attributes: MountAttributes): boolean {
  return namesOf(attributes).length > 0;
}

/** For labels: `, read-only, without devices`. */
export function describeAttributes(attributes: MountAttributes): string {
  return namesOf(attributes)
    .map((name) => `, ${spelling[name][2]}`)
    .join('');
}

/** As fsmount(2) and mount_setattr(2) take them. */
export function attributeFlags(attributes: MountAttributes & { readonly idmapped?: true }): Flags {
  const names = namesOf(attributes).map((name) => spelling[name][0]);
  return flags(
    mountAttributes,
    ...names,
    ...(Object.hasOwn(attributes, 'idmapped') ? (['MOUNT_ATTR_IDMAP'] as const) : []),
  );
}

type PropagationFlag = 'MS_SLAVE' | 'MS_PRIVATE' | 'MS_SHARED' | 'MS_UNBINDABLE';

const propagationFlags = { slave: 'MS_SLAVE', shared: 'MS_SHARED', unbindable: 'MS_UNBINDABLE' } as const;

/** What makes a new mount, or a copy of one, propagate as asked; nothing for a private one, which it is anyway. */
export function propagationOf(propagation: Propagation = 'private'): { readonly propagation?: PropagationFlag } {
  return propagation === 'private' ? {} : { propagation: propagationFlags[propagation] };
}

/** What {@link planAttributes} changes. */
export interface AttributeChange {
  /** Slot of the mount. */
  readonly mount: string;
  readonly attributes: MountAttributes;
  /** Also the mounts below. */
  readonly recursive: boolean;
  /** A propagation type to set at the same time. */
  readonly propagation?: PropagationFlag;
}

/** Set attributes on a mount, attached or not. */
export function planAttributes(change: AttributeChange): readonly Operation[] {
  const { mount, attributes, recursive, propagation } = plain(change);
  if (!hasAttributes(attributes) && propagation === undefined) return [];
  const set = struct(
    { name: 'attr_set', type: 'u64', value: attributeFlags(attributes) },
    // One of several values: the one before must be taken away (EINVAL).
    {
      name: 'attr_clr',
      type: 'u64',
      value:
        attributes.noatime === true || attributes.strictatime === true
          ? flags(mountAttributes, 'MOUNT_ATTR__ATIME')
          : 0,
    },
    { name: 'propagation', type: 'u64', value: propagation === undefined ? 0 : flags(mountFlags, propagation) },
    { name: 'userns_fd', type: 'u64', value: 0 },
  );
  const how = recursive ? flags(atFlags, 'AT_EMPTY_PATH', 'AT_RECURSIVE') : flags(atFlags, 'AT_EMPTY_PATH');
  return [syscall('mount_setattr', [slot(mount), '', how, set, 32])];
}

/** Whether this change must be made by {@link planLegacyAttributes}: before Linux 5.12, for directories, without the mounts below. */
export function isLegacy(change: AttributeChange, { host }: Situation): boolean {
  const { recursive, propagation } = plain(change);
  return !host.features.mount_setattr && !recursive && propagation === undefined;
}

/** The same for a directory that is attached already, by way of the working directory, as mount(2) takes no descriptor. */
export function planLegacyAttributes(
  { mount, attributes }: AttributeChange,
  { host }: Situation,
): readonly Operation[] {
  if (!hasAttributes(attributes)) return [];
  const remount = flags(mountFlags, 'MS_REMOUNT', 'MS_BIND', ...namesOf(attributes).map((name) => spelling[name][1]));
  const here = 'mounts.here';
  return [
    syscall('openat', [AT_FDCWD, '.', flags(openFlags(host.arch), 'O_PATH', 'O_CLOEXEC'), 0], { save: here }),
    syscall('fchdir', [slot(mount)]),
    syscall('mount', [NULL, '.', NULL, remount, NULL]),
    syscall('fchdir', [slot(here)]),
  ];
}
