/** Mounts: filesystems and binds with each of their options, and where they are mounted. */
import { type Host, type Mount, type Row } from '../case.js';

const asks = ['stat /mnt', 'try-open /mnt/file r', 'write /mnt/new text'];

const copied = [
  'stat /filled',
  'ls /filled',
  'ls /filled/below',
  'read /filled/file',
  'stat /filled/below/deep',
  'read /filled/link',
];

const tmpfs = (...options: readonly string[]): Mount => ({
  destination: '/mnt',
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});

const tmpfsOptions: readonly (readonly string[])[] = [
  [], ['ro'], ['rw'], ['nosuid'], ['nodev'], ['noexec'], ['nosuid', 'nodev', 'noexec', 'ro'], ['relatime'], ['norelatime'],
  ['noatime'], ['strictatime'], ['nodiratime'], ['noatime', 'nodiratime'], ['nosymfollow'], ['sync'], ['dirsync'],
  ['lazytime'], ['size=1m'], ['size=65536'], ['size=64k', 'mode=700'], ['mode=1777'], ['mode=0755', 'uid=5', 'gid=6'],
  ['nr_inodes=50'], ['ro', 'rw'], ['nosuid', 'suid'], ['noexec', 'exec'], ['defaults'], ['private'], ['rprivate'],
  ['slave'], ['shared'], ['unbindable'], ['tmpcopyup'], ['size=nonsense'], ['bogus'],
]; // prettier-ignore

const bindOptions: readonly (readonly string[])[] = [
  ['bind'], ['rbind'], ['bind', 'ro'], ['rbind', 'ro'], ['rbind', 'rro'], ['bind', 'rw'], ['bind', 'nosuid', 'nodev', 'noexec'],
  ['rbind', 'nosuid', 'nodev', 'noexec', 'ro'], ['rbind', 'rnoexec'], ['bind', 'noatime'], ['bind', 'nodiratime'], ['bind', 'strictatime'],
  ['bind', 'relatime'], ['rbind', 'private'], ['rbind', 'rprivate'], ['rbind', 'slave'], ['rbind', 'rslave'], ['rbind', 'shared'],
  ['rbind', 'rshared'], ['bind', 'unbindable'], ['rbind', 'runbindable'], ['rbind', 'rprivate', 'ro'], ['rbind', 'rslave', 'ro'], ['bind', 'bogus'],
]; // prettier-ignore

const at = (mount: Mount): Row[1] => ({ mounts: [mount] });
const named = (what: string, options: readonly string[]): string =>
  `${what} with ${options.length === 0 ? 'no options' : options.join(', ')}`;

function bindRows({ data }: Host): readonly Row[] {
  const tree = (...options: readonly string[]): Mount => ({ destination: '/mnt', source: `${data}/tree`, options });
  const file = (...options: readonly string[]): Mount => ({ destination: '/mnt', source: `${data}/file`, options });
  return [
    ...bindOptions.map((options): Row => [
      named('a bind mount', options),
      at(tree(...options)),
      ...asks,
      'write /mnt/below/new text',
    ]),
    ['a bind mount by its type alone', at({ ...tree(), type: 'bind' }), ...asks],
    ['a bind mount of type none', at({ ...tree('bind'), type: 'none' }), ...asks],
    ['a file on a file', at({ ...file('bind'), destination: '/data.txt' }), 'read /data.txt'],
    [
      'a file on nothing',
      at({ ...file('bind', 'ro'), destination: '/made/file' }),
      'read /made/file',
      'write /made/file x',
    ],
    ['a file on a directory', at(file('bind'))],
    ['a directory on a file', at({ ...tree('bind'), destination: '/data.txt' })],
    ['a directory on nothing', at({ ...tree('bind'), destination: '/made/directory' }), 'ls /made'],
    ['a bind mount of nothing', at({ destination: '/mnt', source: `${data}/nonesuch`, options: ['bind'] })],
    ['two bind mounts at one place', { mounts: [tree('bind'), tree('bind', 'ro')] }, ...asks],
  ];
}

const others = ({ data }: Host): readonly Row[] => [
  ['no mounts at all', { allMounts: [] }],
  ['proc alone', { allMounts: [{ destination: '/proc', type: 'proc', source: 'proc' }] }],
  ['proc with options', { allMounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev', 'ro'] }] }],
  ['proc with hidepid', { allMounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['hidepid=2'] }] }],
  ['a mqueue', at({ destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] })],
  ['a sysfs', at({ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] })],
  ['a ramfs', at({ destination: '/mnt', type: 'ramfs', source: 'ramfs' }), ...asks],
  ['a filesystem that doesn\'t exist', at({ destination: '/mnt', type: 'nonesuch', source: 'none' })],
  ['a mount point that isn\'t there', at({ ...tmpfs(), destination: '/made/mount/point' }), 'stat /made/mount'],
  ['a mount point with a slash at its end', at({ ...tmpfs(), destination: '/mnt/' }), ...asks],
  ['a mount point with .. in it', at({ ...tmpfs(), destination: '/tmp/../mnt' }), ...asks],
  ['a mount point that leaves the root', at({ ...tmpfs(), destination: '/../../mnt' }), ...asks],
  ['a mount point behind a link', at({ ...tmpfs(), destination: '/link/below' }), 'ls /tmp'],
  ['a mount point behind an absolute link to above', at({ ...tmpfs(), destination: '/up/mnt' }), ...asks],
  ['a mount point behind a link with ..', at({ ...tmpfs(), destination: '/var/run/app' }), 'ls /run', 'ls /run/app'],
  ['a mount point behind a link with .., and masked paths', { mounts: [{ ...tmpfs(), destination: '/var/run/app' }], linux: { maskedPaths: ['/proc/keys'] } }, 'ls /run', 'ls /run/app'],
  ['a bind mount behind a link with .., and masked paths', { mounts: [{ destination: '/var/run/app', source: `${data}/tree`, options: ['bind'] }], linux: { maskedPaths: ['/proc/keys'] } }, 'ls /run', 'read /run/app/file'],
  ['a mount point that isn\'t there behind a link with .., and masked paths', { mounts: [{ ...tmpfs(), destination: '/var/run/made/here' }], linux: { maskedPaths: ['/proc/keys'] } }, 'ls /run', 'ls /run/made'],
  ['a tmpfs with a copy of what is there', at({ ...tmpfs('tmpcopyup'), destination: '/filled' }), ...copied],
  ['a read-only tmpfs with a copy of what is there', at({ ...tmpfs('tmpcopyup', 'ro'), destination: '/filled' }), ...copied, 'write /filled/new x'],
  ['a tmpfs with a copy, a size and a mode', at({ ...tmpfs('tmpcopyup', 'size=1m', 'mode=700'), destination: '/filled' }), ...copied],
  ['a tmpfs that is too small for the copy', at({ ...tmpfs('tmpcopyup', 'nr_inodes=2'), destination: '/filled' }), ...copied],
  ['a tmpfs with a copy behind a link with ..', { mounts: [{ ...tmpfs('tmpcopyup'), destination: '/var/run' }], linux: { maskedPaths: ['/proc/keys'] } }, 'ls /run', 'read /run/app/file'],
  ['mounts in mounts', { mounts: [tmpfs(), { ...tmpfs('ro'), destination: '/mnt/a' }, { ...tmpfs(), destination: '/mnt/a/b' }] }],
  ['a mount in one below it', { mounts: [tmpfs(), { ...tmpfs('ro'), destination: '/mnt/a' }] }, 'ls /mnt'],
  ['two tmpfs at one place', { mounts: [tmpfs('size=1m'), tmpfs('size=2m')] }, ...asks],
  ['an ordinary /dev with mode and owner', { allMounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=700', 'uid=1'] }] }],
  ['a /dev of the host\'s', { allMounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, { destination: '/dev', source: `${data}/tree`, options: ['rbind'] }] }],
  ['a read-only /dev', { allMounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['ro'] }] }, 'write /dev/new x'],
]; // prettier-ignore

export function mountRows(host: Host): readonly Row[] {
  return [
    ...tmpfsOptions.map((options): Row => [named('a tmpfs', options), at(tmpfs(...options)), ...asks]),
    ...bindRows(host),
    ...others(host),
  ];
}
