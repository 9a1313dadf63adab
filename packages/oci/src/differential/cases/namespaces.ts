/** Namespaces: new, entered by a path, left out; host names, sysctls and maps of ids, which belong to them. */
import { namespaces, type Host, type Json, type Row } from '../case.js';

const spaces = (...types: readonly string[]): Row[1] => ({ linux: { namespaces: namespaces(...types) } });
const unnamed = { hostname: undefined };
const map = (containerID: number, hostID: number, size: number): Json => ({ containerID, hostID, size });

const sysctl = (settings: Json, ...more: readonly string[]): Row[1] => ({
  linux: { namespaces: namespaces('pid', 'ipc', 'uts', 'mount', ...more), sysctl: settings },
});

function users(uidMappings: readonly Json[], change: Row[1] = {}, gidMappings = uidMappings): Row[1] {
  const linux = { namespaces: namespaces('pid', 'ipc', 'uts', 'mount', 'user'), uidMappings, gidMappings };
  return { ...change, linux: { ...linux, ...change.linux } };
}

const proc = (name: string): string => `read /proc/sys/${name}`;
const maps = ['read /proc/self/uid_map', 'read /proc/self/gid_map', 'read /proc/self/setgroups'];

const fresh: readonly Row[] = [
  ['a mount namespace alone', { ...spaces('mount'), others: unnamed }],
  ['mount and pid namespaces', { ...spaces('mount', 'pid'), others: unnamed }],
  ['no pid namespace', spaces('mount', 'ipc', 'uts')],
  ['no ipc namespace', spaces('mount', 'pid', 'uts')],
  ['a network namespace', spaces('pid', 'ipc', 'uts', 'mount', 'network'), 'read /proc/net/dev'],
  ['a network namespace with sysfs', { ...spaces('pid', 'ipc', 'uts', 'mount', 'network'), mounts: [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] }] }],
  ['a cgroup namespace', spaces('pid', 'ipc', 'uts', 'mount', 'cgroup')],
  ['all namespaces but that of users', spaces('cgroup', 'network', 'uts', 'ipc', 'mount', 'pid')],
  ['a time namespace', spaces('pid', 'ipc', 'uts', 'mount', 'time')],
  ['no host name', { others: unnamed }],
  ['a domain name', { others: { domainname: 'example.org' } }],
  ['a long host name', { others: { hostname: 'h'.repeat(64) } }],
  ['an empty host name', { others: { hostname: '' } }],
]; // prettier-ignore

const settings: readonly Row[] = [
  ['a setting of the network', sysctl({ 'net.ipv4.ip_forward': '1' }, 'network'), proc('net/ipv4/ip_forward')],
  ['two settings of ipc', sysctl({ 'kernel.msgmax': '4096', 'kernel.shm_rmid_forced': '1' }), proc('kernel/msgmax'), proc('kernel/shm_rmid_forced')],
  ['a setting of message queues', sysctl({ 'fs.mqueue.msg_max': '20' }), proc('fs/mqueue/msg_max')],
  ['the domain name as a setting', sysctl({ 'kernel.domainname': 'example.net' }), proc('kernel/domainname')],
  ['the host name as a setting, too', sysctl({ 'kernel.hostname': 'other' }), proc('kernel/hostname')],
  ['a setting with slashes', sysctl({ 'net/ipv4/ip_forward': '1' }, 'network'), proc('net/ipv4/ip_forward')],
  ['a range of ports', sysctl({ 'net.ipv4.ip_local_port_range': '2000 3000' }, 'network'), proc('net/ipv4/ip_local_port_range')],
  ['a setting of a network that is the host\'s', sysctl({ 'net.ipv4.ip_forward': '1' })],
  ['a setting of the whole host', sysctl({ 'kernel.pid_max': '4194304' })],
  ['a setting that doesn\'t exist', sysctl({ 'net.ipv4.nonesuch': '1' }, 'network')],
  ['a setting with a bad value', sysctl({ 'kernel.msgmax': 'many' })],
]; // prettier-ignore

const mapped = ({ data }: Host): readonly Row[] => [
  ['a user namespace', users([map(0, 100000, 65536)]), ...maps],
  ['a user namespace of the host\'s ids', users([map(0, 0, 4294967295)]), ...maps],
  ['a user namespace with root alone', users([map(0, 100000, 1)]), ...maps],
  ['a user namespace with several ranges', users([map(0, 100000, 1), map(1, 1, 999), map(1000, 200000, 1000)]), ...maps],
  ['a user in a user namespace', users([map(0, 100000, 65536)], { process: { user: { uid: 1000, gid: 1000, additionalGids: [5, 6] } } }), ...maps],
  ['maps of users and groups that differ', users([map(0, 100000, 65536)], {}, [map(0, 200000, 1000)]), ...maps],
  ['all namespaces', users([map(0, 100000, 65536)], { linux: { namespaces: namespaces('user', 'cgroup', 'network', 'uts', 'ipc', 'mount', 'pid') }, mounts: [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] }, { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue' }] }), ...maps],
  ['a user namespace with masked paths', users([map(0, 100000, 65536)], { linux: { maskedPaths: ['/proc/keys', '/etc'], readonlyPaths: ['/proc/sys'] } }), 'ls /etc'],
  ['a user namespace with a tmpfs of a user', users([map(0, 100000, 65536)], { mounts: [{ destination: '/mnt', type: 'tmpfs', source: 'tmpfs', options: ['uid=1000', 'gid=5', 'mode=700'] }] }), 'stat /mnt'],
  ['a user namespace with limits', users([map(0, 100000, 65536)], { process: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 20 }], oomScoreAdj: 100 } })],
  ['a user namespace and a file that only the host\'s root can reach', users([map(0, 100000, 65536)], { mounts: [{ destination: '/mnt', source: `${data}/closed`, options: ['bind'] }, { destination: '/made/file', source: `${data}/closed/file`, options: ['bind', 'ro'] }] }), 'stat /mnt', 'read /made/file'],
]; // prettier-ignore

/** By a path, those of the holder. */
function entered({ holder }: Host): readonly Row[] {
  const files = { uts: 'uts', ipc: 'ipc', network: 'net', cgroup: 'cgroup', pid: 'pid_for_children' } as const;
  const path = (type: keyof typeof files): string => `/proc/${String(holder)}/ns/${files[type]}`;
  const enter = (...types: readonly (keyof typeof files)[]): Row[1] => {
    const others = ['pid', 'ipc', 'uts', 'mount'].filter((type) => !types.some((entered) => entered === type));
    const list = [...types.map((type) => ({ type, path: path(type) })), ...namespaces(...others)];
    return { linux: { namespaces: list }, ...(types.includes('uts') ? { others: unnamed } : {}) };
  };
  return [
    ['the uts namespace of another', enter('uts')],
    ['the uts namespace of another, renamed', { ...enter('uts'), others: { hostname: 'renamed' } }],
    ['the ipc namespace of another', enter('ipc')],
    ['the network of another', enter('network')],
    ['the cgroup namespace of another', enter('cgroup')],
    ['the pid namespace of another', enter('pid')],
    ['four namespaces of another', enter('uts', 'ipc', 'network', 'pid')],
    ['a path of another kind', { linux: { namespaces: [...namespaces('pid', 'uts', 'mount'), { type: 'ipc', path: path('uts') }] } }],
    ['a path that isn\'t there', { linux: { namespaces: [...namespaces('pid', 'uts', 'mount'), { type: 'ipc', path: '/nonesuch' }] } }],
    ['a path that is no namespace', { linux: { namespaces: [...namespaces('pid', 'uts', 'mount'), { type: 'ipc', path: '/etc/passwd' }] } }],
    ['a relative path of a namespace', { linux: { namespaces: [...namespaces('pid', 'uts', 'mount'), { type: 'ipc', path: 'ns/ipc' }] } }],
  ]; // prettier-ignore
}

export function namespaceRows(host: Host): readonly Row[] {
  return [...fresh, ...settings, ...mapped(host), ...entered(host)];
}
