import { expect, it } from 'vitest';
import { coveredIn } from './covered.js';

const proc = '22 27 0:21 / /proc rw,relatime - proc proc rw';
const sys = '23 27 0:22 / /sys rw,relatime - sysfs sysfs rw';
const on = (parent: number, place: string, type = 'tmpfs', root = '/') =>
  `${String(50 + place.length)} ${String(parent)} 0:50 ${root} ${place} ro,relatime - ${type} ${type} rw`;

it.each<[string, readonly string[], ReturnType<typeof coveredIn>]>([
  ['nothing, on a host', [proc, sys], undefined],
  ['nothing that is known, without a /proc', [], undefined],
  [
    "what Docker's masks are",
    [
      proc,
      sys,
      on(22, '/proc/sys', 'proc', '/sys'),
      on(22, '/proc/kcore', 'tmpfs', '/null'),
      on(22, '/proc/acpi'),
      on(23, '/sys/firmware'),
    ],
    { procfs: ['/proc/sys', '/proc/kcore', '/proc/acpi'], sysfs: ['/sys/firmware'] },
  ],
  [
    'no directory that was made to be mounted on',
    [
      proc,
      sys,
      on(22, '/proc/sys/fs/binfmt_misc', 'autofs'),
      on(22, '/proc/sys/fs/binfmt_misc', 'tmpfs'),
      on(23, '/sys/fs/cgroup', 'tmpfs'),
      on(23, '/sys/kernel/security', 'securityfs'),
      on(23, '/sys/of/tomorrow', 'tomorrowfs'),
    ],
    undefined,
  ],
  [
    'nothing where another one is whole',
    [proc, on(22, '/proc/acpi'), proc.replace('/proc', '/mnt').replace('22', '24'), sys],
    undefined,
  ],
  [
    'nothing on what lies on top of it',
    [proc, sys, on(22, '/proc/fs/nfsd', 'tmpfs'), on(63, '/proc/fs/nfsd/x')],
    undefined,
  ],
  [
    'a read-only procfs, and none of sysfs, which is mounted read-only',
    [proc.replace('rw', 'ro'), sys.replace('rw', 'ro')],
    { procfs: [] },
  ],
  ['a part of a procfs, and no sysfs', [proc.replace('0:21 /', '0:21 /sys')], { procfs: [], sysfs: [] }],
])('covered is %s', (_what, lines, covered) => {
  expect(coveredIn(lines.join('\n'))).toEqual(covered);
});
