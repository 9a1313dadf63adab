/** Names of the capabilities that a kernel knows, and of those in a mask. */

/** All by number, as of Linux 6.18; see capabilities(7). */
const names = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
] as const;

/** Names by number up to `cap_last_cap`; a capability younger than this table is called by its number. */
export function knownCapabilities(last: number): readonly string[] {
  return Array.from({ length: last + 1 }, (_, number) => names[number] ?? String(number));
}

/** Number of the last capability of this table, for a kernel that doesn't say. */
export const lastCapability = names.length - 1;

/** Names of the capabilities whose bits are set, by number. */
export function capabilitiesIn(mask: bigint, known: readonly string[]): readonly string[] {
  return known.filter((_, number) => (mask & (1n << BigInt(number))) !== 0n);
}
