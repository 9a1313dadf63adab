/** The root, and paths that are masked or can only be read. */
import { type Row } from '../case.js';

const asks = (path: string): readonly string[] => [`stat ${path}`, `ls ${path}`, `read ${path}`, `write ${path}/new x`];
const masked = (...maskedPaths: readonly string[]): Row[1] => ({ linux: { maskedPaths } });
const readonly = (...readonlyPaths: readonly string[]): Row[1] => ({ linux: { readonlyPaths } });
const propagation = (rootfsPropagation: string): Row => [
  `rootfsPropagation ${rootfsPropagation}`,
  { linux: { rootfsPropagation } },
];

export const pathRows: readonly Row[] = [
  ['a root that can only be read', { root: { readonly: true } }, 'write /new x', 'try-open /data.txt rw', 'write /dev/new x'],
  ['annotations', { others: { annotations: { 'org.example.key': 'value', 'org.example.empty': '' } } }],
  ['a root that can be written to', {}, 'write /data.txt again'],
  ['a masked file', masked('/data.txt'), ...asks('/data.txt')],
  ['a masked directory', masked('/etc'), ...asks('/etc')],
  ['a masked path that isn\'t there', masked('/nonesuch')],
  ['masked paths of proc', masked('/proc/kcore', '/proc/keys', '/proc/acpi', '/proc/scsi'), ...asks('/proc/keys'), ...asks('/proc/scsi')],
  ['a path masked twice', masked('/etc', '/etc'), ...asks('/etc')],
  ['a masked link', masked('/link'), 'ls /tmp'],
  ['a masked directory behind a link with ..', masked('/var/run/app'), ...asks('/run/app')],
  ['a masked file behind a link with ..', masked('/var/run/app/file'), ...asks('/run/app')],
  ['a readonly directory behind a link with ..', { linux: { readonlyPaths: ['/var/run/app'], maskedPaths: ['/proc/keys'] } }, ...asks('/run/app')],
  ['a relative masked path', masked('etc')],
  ['a readonly directory', readonly('/etc'), ...asks('/etc')],
  ['a readonly file', readonly('/data.txt'), 'write /data.txt x'],
  ['a readonly path that isn\'t there', readonly('/nonesuch')],
  ['readonly paths of proc', readonly('/proc/sys', '/proc/irq', '/proc/bus', '/proc/sysrq-trigger'), 'write /proc/sys/kernel/msgmax 8192'],
  ['a path that is readonly and masked', { linux: { readonlyPaths: ['/etc'], maskedPaths: ['/etc'] } }, ...asks('/etc')],
  ['a readonly mount point', { linux: { readonlyPaths: ['/mnt'] }, mounts: [{ destination: '/mnt', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec'] }] }, ...asks('/mnt')],
  ...['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable', 'runbindable'].map(propagation),
  ['a root that can only be read, as a slave', { root: { readonly: true }, linux: { rootfsPropagation: 'rslave' } }],
]; // prettier-ignore
