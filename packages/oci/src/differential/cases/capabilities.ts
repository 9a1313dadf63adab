/** Capabilities: each set by itself, and as users other than root. */
import { type Row } from '../case.js';

const some = ['CAP_CHOWN', 'CAP_NET_RAW', 'CAP_SYS_ADMIN'];
const all = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST ' +
  'NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE ' +
  'SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG ' +
  'WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

const sets = (list: readonly string[], ...names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, list]));
const caps = (capabilities: object, more: object = {}): Row[1] => ({ process: { capabilities, ...more } });
const ordinary = { user: { uid: 1000, gid: 1000 } };
const usual = ['bounding', 'effective', 'permitted'];
const five = [...usual, 'inheritable', 'ambient'];

export const capabilityRows: readonly Row[] = [
  ['no capabilities at all', caps({})],
  ['capabilities left out', { process: { capabilities: undefined } }],
  ['all capabilities in three sets', caps(sets(all, ...usual))],
  ['all capabilities in five sets', caps(sets(all, ...five))],
  ['some in three sets', caps(sets(some, ...usual))],
  ['some in the bounding set only', caps(sets(some, 'bounding'))],
  ['some that are permitted and not effective', caps(sets(some, 'bounding', 'permitted'))],
  ['some that are inheritable', caps(sets(some, ...usual, 'inheritable'))],
  ['some that are ambient', caps(sets(some, ...five))],
  ['ambient ones that are not inheritable', caps(sets(some, ...usual, 'ambient'))],
  [
    'sets that differ',
    caps({ ...sets(all, 'bounding'), ...sets(some, 'permitted'), ...sets(['CAP_CHOWN'], 'effective') }),
  ],
  [
    'effective ones that are not permitted',
    caps({ ...sets(all, 'bounding', 'effective'), ...sets(some, 'permitted') }),
  ],
  ['a user with three sets', caps(sets(some, ...usual), ordinary)],
  ['a user with five sets', caps(sets(some, ...five), ordinary)],
  ['a user with five sets and no_new_privs', caps(sets(some, ...five), { ...ordinary, noNewPrivileges: true })],
  ['a user with all in five sets', caps(sets(all, ...five), ordinary)],
  ['a user with none', caps({}, ordinary)],
  ['a capability twice', caps(sets(['CAP_CHOWN', 'CAP_CHOWN'], ...usual))],
];
