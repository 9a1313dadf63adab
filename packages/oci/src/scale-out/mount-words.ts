/** Options of mounts as engines of containers take them. */
import type { MountAttributes, TmpfsEntry } from '@haco/mounts';

/** Attributes that podman and tmpfs have a word for. */
const usualAttributes = ['nosuid', 'nodev', 'noexec'] as const;

/** Those of them that are asked. */
export function askedAttributes(entry: MountAttributes): readonly (keyof MountAttributes)[] {
  return usualAttributes.filter((name) => entry[name] === true);
}

/** Attributes of mounts that no engine has a word for, of those that are asked. */
export function otherAttributes(entry: MountAttributes): readonly (keyof MountAttributes)[] {
  const others = ['nosymfollow', 'noatime', 'strictatime', 'nodiratime'] as const;
  return others.filter((name) => entry[name] === true);
}

/** Options of a tmpfs, each said in any case: what engines take where nothing is said is more than was asked. */
export function tmpfsOptions({ size, mode, ...entry }: TmpfsEntry): string {
  return [
    entry.readonly === true ? 'ro' : 'rw',
    entry.nosuid === true ? 'nosuid' : 'suid',
    entry.nodev === true ? 'nodev' : 'dev',
    entry.noexec === true ? 'noexec' : 'exec',
    ...(size === undefined ? [] : [`size=${String(size)}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8).padStart(4, '0')}`]),
  ].join(',');
}

/** How engines write propagation. */
export function propagationOf({ propagation = 'private' }: { readonly propagation?: string }): string {
  return `r${propagation}`;
}
