/** Names of users in the container's own files, which are not to be trusted. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveUser } from './lookup-user.js';
import { emptyProcess, type UserSpec } from './process/section.js';

let root = '';
const passwd =
  'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/:/bin/sh\nodd:x:1e3:0::/:\nhuge:x:4294967295:0::/:\n\nbroken\n';
const group = 'root:x:0:\nwww:x:34:\nvideo:x:44:web,other\naudio:x:29:other,web\nodd:x:-1:web\n';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'haco-passwd-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(join(root, 'etc/group'), group);
});
afterAll(() => rmSync(root, { recursive: true }));

const look = (user: UserSpec, where = root) => resolveUser({ ...emptyProcess, user }, where);
const found = (user: UserSpec) => look(user)._unsafeUnwrap().user;
const message = (user: UserSpec, where = root): string => look(user, where)._unsafeUnwrapErr().message;

describe('a user', () => {
  test('by name has its own group and the groups that list it', () => {
    expect(found({ uid: 'web' })).toEqual({ uid: 33, gid: 34, groups: [44, 29] });
  });

  test('by name with other groups has these', () => {
    expect(found({ uid: 'web', gid: 'video', groups: ['audio', 7] })).toEqual({ uid: 33, gid: 44, groups: [29, 7] });
  });

  test('by number has the group of that user, and no others', () => {
    expect(found({ uid: 33 })).toEqual({ uid: 33, gid: 34, groups: [] });
    expect(found({ uid: 4000 })).toEqual({ uid: 4000, gid: 4000, groups: [] });
  });

  test('by numbers alone needs no file', () => {
    expect(look({ uid: 1, gid: 2, groups: [3] }, '/nowhere').isOk()).toBe(true);
  });

  test('that is not there is told with its file', () => {
    expect(message({ uid: 'nobody' })).toBe(
      'There is no user "nobody"; add it to /etc/passwd of the container, or use its number.',
    );
    expect(message({ uid: 1, gid: 'staff' })).toBe(
      'There is no group "staff"; add it to /etc/group of the container, or use its number.',
    );
  });

  test('with an id that is no id is not there, rather than root', () => {
    expect(message({ uid: 'odd' })).toContain('There is no user "odd"');
    expect(message({ uid: 'huge' })).toContain('There is no user "huge"');
  });
});

describe('an id in a file of the container', () => {
  test.each(['1000x', '0x0', '', '-1', '4294967295', ' 0', '0 ', '+0', '0\r', '1e0', '00000000000'])(
    'is that of nobody when it is %j',
    (text) => {
      const hostile = mkdtempSync(join(root, 'ids-'));
      mkdirSync(join(hostile, 'etc'));
      writeFileSync(join(hostile, 'etc/passwd'), `web:x:${text}:34::/:/bin/sh\n`);
      writeFileSync(join(hostile, 'etc/group'), `www:x:${text}:web\n`);
      expect(message({ uid: 'web' }, hostile)).toContain('There is no user "web"');
      expect(message({ uid: 5, gid: 'www' }, hostile)).toContain('There is no group "www"');
      expect(look({ uid: 5 }, hostile)._unsafeUnwrap().user).toEqual({ uid: 5, gid: 5, groups: [] });
    },
  );
});

describe('a hostile root', () => {
  const inRoot = (make: (etc: string) => void): string => {
    const hostile = mkdtempSync(join(root, 'hostile-'));
    mkdirSync(join(hostile, 'etc'));
    make(join(hostile, 'etc'));
    return hostile;
  };

  test('whose passwd leads out of it does not reach the file of the host', () => {
    const hostile = inRoot((etc) => symlinkSync(join(root, 'etc/passwd'), join(etc, 'passwd')));
    expect(message({ uid: 'web' }, hostile)).toContain('There is no user "web"');
  });

  test('whose passwd is a directory, or larger than any passwd, is refused', () => {
    const directory = inRoot((etc) => mkdirSync(join(etc, 'passwd')));
    expect(message({ uid: 'web' }, directory)).toBe(
      `Could not look up the user in "${directory}/etc/passwd"; it is not a regular file; mend the rootfs, or use the number of the user.`,
    );
    const large = inRoot((etc) => writeFileSync(join(etc, 'passwd'), Buffer.alloc(17 * 1024 ** 2)));
    expect(message({ uid: 'web' }, large)).toContain('EFBIG; it has more than 16 MiB');
  });

  test('that is not there is told as a missing root', () => {
    expect(message({ uid: 'web' }, '/nowhere')).toBe(
      'There is no rootfs "/nowhere"; could not open it; give an existing directory, or make one, e.g. with rootfs(debootstrap(…)).',
    );
  });
});
