import { expect, it } from 'vitest';
import { parseCgroupMembership } from './cgroup-membership.js';

it('reads v1 hierarchies, named ones and v2', () => {
  const text = '12:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/user-0.slice\n0::/init.scope\n';
  expect(parseCgroupMembership(text)).toEqual([
    { controllers: ['cpu', 'cpuacct'], path: '/user.slice' },
    { controllers: ['name=systemd'], path: '/user.slice/user-0.slice' },
    { controllers: [], path: '/init.scope' },
  ]);
});

it('keeps colons of a path, and leaves out the mark of a removed group', () => {
  expect(parseCgroupMembership('0::/a.slice/app-x:y.scope (deleted)\n')).toEqual([
    { controllers: [], path: '/a.slice/app-x:y.scope' },
  ]);
});

it('leaves out what is not a line of the file', () => {
  expect(parseCgroupMembership('\nnonsense\n3:cpu:relative\n')).toEqual([]);
});
