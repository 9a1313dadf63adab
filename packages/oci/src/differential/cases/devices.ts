/** Device nodes of the container's own, beside those that every container has. */
import { baseMounts, type Json, type Row } from '../case.js';

const devices = (...list: readonly Json[]): Row[1] => ({ linux: { devices: list } });
const zero = { path: '/dev/own', type: 'c', major: 1, minor: 5 };
const fuse = { path: '/dev/fuse', type: 'c', major: 10, minor: 229 };

export const deviceRows: readonly Row[] = [
  ['a character device', devices({ ...zero, fileMode: 0o600, uid: 5, gid: 6 }), 'stat /dev/own', 'try-open /dev/own r'],
  ['a device without a mode', devices(zero), 'stat /dev/own'],
  ['a device with a mode for all', devices({ ...zero, fileMode: 0o666 }), 'stat /dev/own'],
  ['an unbuffered device', devices({ ...zero, type: 'u', fileMode: 0o666 }), 'stat /dev/own'],
  ['a block device', devices({ path: '/dev/disk', type: 'b', major: 7, minor: 9, fileMode: 0o660 }), 'stat /dev/disk'],
  ['a fifo', devices({ path: '/dev/pipe', type: 'p', fileMode: 0o644 }), 'stat /dev/pipe'],
  ['a device in a directory', devices({ ...fuse, path: '/dev/a/b/fuse', fileMode: 0o666 }), 'stat /dev/a', 'stat /dev/a/b/fuse'],
  ['a default device with a mode of its own', devices({ path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o600 }), 'stat /dev/null'],
  ['two devices', devices(zero, { ...fuse, fileMode: 0o600 })],
  ['a device outside of /dev', devices({ ...zero, path: '/tmp/own' }), 'stat /tmp/own'],
  ['a device without a /dev of its own', { ...devices({ ...zero, fileMode: 0o600 }), allMounts: baseMounts.slice(0, 1) }, 'stat /dev/own'],
  ['a device on the /dev of a user', { linux: { devices: [{ ...zero, fileMode: 0o644, uid: 1000, gid: 1000 }] }, process: { user: { uid: 1000, gid: 1000 } } }, 'try-open /dev/own rw'],
]; // prettier-ignore
