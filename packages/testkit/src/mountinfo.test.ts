/** Reading mountinfo lines. */
import { expect, test } from 'vitest';
import { mountsBelow, parseMountInfo } from './mountinfo.js';

const lines = `22 27 0:21 / /proc rw,relatime - proc proc rw
31 27 0:28 /a\\040b /tmp/x\\040y rw,relatime shared:1 master:2 - tmpfs none rw,mode=755
32 31 0:29 / /tmp/x\\040y/deep ro - tmpfs  rw
33 27 0:30 / /tmp/x rw - ext4 /dev/sda rw
`;

test('optional fields, escaped spaces and an empty source are read', () => {
  const [proc, second, third] = parseMountInfo(lines);
  expect(proc).toEqual({
    id: 22,
    parent: 27,
    root: '/',
    target: '/proc',
    options: 'rw,relatime',
    type: 'proc',
    source: 'proc',
    superOptions: 'rw',
  });
  expect(second).toMatchObject({ root: '/a b', target: '/tmp/x y', type: 'tmpfs', superOptions: 'rw,mode=755' });
  expect(third).toMatchObject({ type: 'tmpfs', source: '', superOptions: 'rw' });
});

test('mounts below a directory come deepest first, and not those of a directory with a longer name', () => {
  const targets = (path: string) => mountsBelow(path, parseMountInfo(lines)).map(({ target }) => target);
  expect(targets('/tmp/x y')).toEqual(['/tmp/x y/deep', '/tmp/x y']);
  expect(targets('/tmp/x')).toEqual(['/tmp/x']);
});
