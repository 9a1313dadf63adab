/** Settings of the kernel that a namespace has for itself. */
import { expect, test } from 'vitest';
import { rootHost } from './fixture.js';
import { ownerOf, planSysctls, sysctlIssues } from './sysctl.js';

const section = (sysctls: Readonly<Record<string, string>>) => ({ unshare: [], enter: [], persist: [], sysctls });
const problems = (sysctls: Readonly<Record<string, string>>) =>
  sysctlIssues(section(sysctls), ['net', 'ipc']).map(({ path, message }) => `${path}: ${message}`);

test('each belongs to a kind of namespace, or to the whole machine', () => {
  expect(ownerOf('net.ipv4.ip_forward')).toBe('net');
  expect(ownerOf('kernel.shmmax')).toBe('ipc');
  expect(ownerOf('fs.mqueue.msg_max')).toBe('ipc');
  expect(ownerOf('kernel.domainname')).toBe('uts');
  expect(ownerOf('kernel.panic')).toBeUndefined();
});

test('what would be set for the host, or elsewhere, is refused', () => {
  expect(problems({ 'net.ipv4.ip_forward': '1', 'kernel.sem': '1 2 3 4' })).toEqual([]);
  expect(
    problems({ 'kernel.panic': '1', 'kernel.hostname': 'x', 'net..x': '1', '../x': '1', 'net.x': 'a\0b' }),
  ).toEqual([
    'namespaces.sysctls["kernel.panic"]: "kernel.panic" is a setting of the whole machine, not of a namespace',
    'namespaces.sysctls["kernel.hostname"]: "kernel.hostname" would be set for the host; the container needs a uts namespace of its own',
    'namespaces.sysctls["net..x"]: "net..x" is no name of a setting; write it as sysctl(8) does, e.g. "net.ipv4.ip_forward"',
    'namespaces.sysctls["../x"]: "../x" is no name of a setting; write it as sysctl(8) does, e.g. "net.ipv4.ip_forward"',
    expect.stringContaining('namespaces.sysctls["net.x"]: '),
  ]);
});

test('they are written first of all, by paths in which dots and slashes are as in sysctl(8)', () => {
  const sysctls = { 'net.ipv4.ip_forward': '1', 'net/ipv4/conf/eth0.100/forwarding': '0' };
  const [step] = planSysctls(section(sysctls), { host: rootHost, facts: undefined as never });
  const paths = step?.operations.flatMap((operation) =>
    operation.op === 'syscall' && operation.name === 'openat' ? [operation.args[1]] : [],
  );
  expect(step?.phase).toBe('identity');
  expect(paths).toEqual(['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv4/conf/eth0.100/forwarding']);
});
