/** Sets of capabilities that people know by name. */
import type { CapabilityName } from './names.js';

/** Capabilities by the name of the preset. */
export const capabilityPresets = {
  /** What haconiwa leaves to a container. */
  haconiwa: [
    'audit_read',
    'chown',
    'dac_override',
    'fowner',
    'fsetid',
    'net_bind_service',
    'net_raw',
    'setgid',
    'setfcap',
    'setpcap',
    'setuid',
  ],
  /** What Docker and Podman's classic default leave to a container. */
  docker: [
    'audit_write',
    'chown',
    'dac_override',
    'fowner',
    'fsetid',
    'kill',
    'mknod',
    'net_bind_service',
    'net_raw',
    'setfcap',
    'setgid',
    'setpcap',
    'setuid',
    'sys_chroot',
  ],
} as const satisfies Readonly<Record<string, readonly CapabilityName[]>>;

/** Name of a preset. */
export type CapabilityPreset = keyof typeof capabilityPresets;

/** The capabilities of a preset; undefined when there is none of this name. */
export function presetNamed(name: string): readonly CapabilityName[] | undefined {
  return Object.hasOwn(capabilityPresets, name) ? capabilityPresets[name as CapabilityPreset] : undefined;
}
