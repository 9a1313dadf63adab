/** Names of capabilities by number: one table for what a kernel says and for what a container keeps. */

/** By number, as of Linux 6.18. Younger ones are called `cap_41` and so on. */
export const capabilityNames = [
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

/** Name of the capability with this number: `chown`, or `cap_41` for one that is younger than the table. */
export function capabilityNameOf(number: number): (typeof capabilityNames)[number] | `cap_${number}` {
  return capabilityNames[number] ?? `cap_${number}`;
}
