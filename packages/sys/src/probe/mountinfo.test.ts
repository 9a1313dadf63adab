import { describe, expect, it } from 'vitest';
import { isWithin, parseMountinfo, visibleMounts } from './mountinfo.js';

describe('parseMountinfo', () => {
  it('reads a line with optional fields and escaped spaces', () => {
    const line = '36 35 98:0 /my\\040dir /mnt\\0402 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue\n';
    expect(parseMountinfo(line)).toEqual([
      {
        id: 36,
        parent: 35,
        root: '/my dir',
        mountPoint: '/mnt 2',
        options: ['rw', 'noatime'],
        fsType: 'ext3',
        superOptions: ['rw', 'errors=continue'],
      },
    ]);
  });

  it('leaves out what is not a complete line', () => {
    expect(parseMountinfo('\n36 35 98:0 / /mnt rw\n36 - ext4\n')).toEqual([]);
  });
});

describe('visibleMounts', () => {
  const mounts = parseMountinfo(
    [
      '20 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '30 20 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
      '31 30 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '32 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,memory',
      '40 30 0:31 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
      '41 40 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '50 20 0:32 / /sys/fs/cg rw - tmpfs tmpfs rw',
    ].join('\n'),
  );
  const ids = (options: string) =>
    visibleMounts(
      mounts.filter(({ superOptions }) => superOptions.includes(options)),
      mounts,
    ).map(({ id }) => id);

  it('leaves out a mount below a later mount', () => {
    expect(ids('cpu')).toEqual([41]);
  });

  it('leaves out all of a stack that a later mount hides', () => {
    expect(ids('memory')).toEqual([]);
  });

  it('takes the uppermost of a stack', () => {
    expect(visibleMounts(mounts.slice(0, 4), mounts.slice(0, 4)).map(({ id }) => id)).toEqual([20, 30, 32]);
  });
});

it('compares paths by whole names', () => {
  expect(isWithin('/a/b', '/a')).toBe(true);
  expect(isWithin('/a', '/a')).toBe(true);
  expect(isWithin('/ab', '/a')).toBe(false);
  expect(isWithin('/a', '/')).toBe(true);
});
