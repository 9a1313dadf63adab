/** What the `/dev` of haco is made of, as mounts of a configuration. */
import type { Config } from './import/schema.js';

type Mount = NonNullable<Config['mounts']>[number];

/** The group `tty`. */
const TTY = 5;

export const devMount: Mount = {
  destination: '/dev',
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['nosuid', 'noexec', 'mode=755', 'size=65536'],
};

export const shmMount: Mount = {
  destination: '/dev/shm',
  type: 'tmpfs',
  source: 'shm',
  options: ['nosuid', 'nodev', 'noexec', 'mode=1777', 'size=67108864'],
};

export const mqueueMount: Mount = {
  destination: '/dev/mqueue',
  type: 'mqueue',
  source: 'mqueue',
  options: ['nosuid', 'nodev', 'noexec'],
};

/** Which groups the container has decides whether its terminals can belong to `tty`. */
export function ptsMount(hasGroup: (gid: number) => boolean): Mount {
  const tty = hasGroup(TTY) ? [`gid=${String(TTY)}`] : [];
  const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...tty];
  return { destination: '/dev/pts', type: 'devpts', source: 'devpts', options };
}
