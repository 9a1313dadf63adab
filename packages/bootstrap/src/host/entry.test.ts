import { describe, expect, it } from 'vitest';
import { readEntry } from './entry.js';
import type { Headers } from './tar-reader.js';

const header = (fields: Partial<Headers>): Headers => ({
  name: 'x',
  linkname: null,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: new Date(5000),
  devmajor: 0,
  devminor: 0,
  pax: null,
  xattrs: new Map(),
  ...fields,
});

describe('an entry of an archive', () => {
  it('has its name split, without what means nothing', () => {
    expect(readEntry(header({ name: './usr//bin/./sh' }))._unsafeUnwrap().path).toEqual(['usr', 'bin', 'sh']);
    expect(readEntry(header({ name: './', type: 'directory' }))._unsafeUnwrap().path).toEqual([]);
  });

  it('keeps names that are not UTF-8, and reads those of pax headers as UTF-8', () => {
    expect(readEntry(header({ name: 'caf\xe9' }))._unsafeUnwrap().path).toEqual(['caf\xe9']);
    const pax = { path: 'café' };
    expect(readEntry(header({ name: 'café', pax }))._unsafeUnwrap().path).toEqual(['caf\xc3\xa9']);
  });

  it('takes owner and time of pax headers', () => {
    const pax = { uid: '70000000', gid: '7', mtime: '1.5' };
    expect(readEntry(header({ pax }))._unsafeUnwrap()).toMatchObject({ uid: 70000000, gid: 7, mtime: 1.5 });
  });

  it('has its extended attributes as bytes, and names those in a form that is not understood', () => {
    const xattrs = new Map([['user.a', Buffer.of(0xff)]]);
    const pax = { 'SCHILY.xattr.user.a': '?', 'LIBARCHIVE.xattr.user.a': '/w==', 'LIBARCHIVE.xattr.user.b': '/w==' };
    const entry = readEntry(header({ pax, xattrs }))._unsafeUnwrap();
    expect([entry.xattrs, entry.lost]).toEqual([xattrs, ['xattr.user.b']]);
  });

  it.each<[Partial<Headers>, string]>([
    [{ name: '/etc/passwd' }, 'is absolute, which could name any file of the host'],
    [{ name: 'a/../../b' }, 'contains "..", which could lead out of the target'],
    [{ name: 'a\0b' }, 'contains a NUL byte'],
    [{ name: 'a/'.repeat(2000) }, 'is longer than 3000 bytes'],
    [{ type: 'link', linkname: '../x' }, 'is a link to a file whose name contains ".."'],
    [{ type: 'link', linkname: '/etc/shadow' }, 'is a link to a file whose name is absolute'],
    [{ type: 'symlink', linkname: null }, 'is a symbolic link to an impossible name'],
    [{ type: null }, 'is of a type that is not supported'],
    [{ pax: { 'GNU.sparse.major': '1' } }, 'is a sparse file'],
    [{ uid: -1 }, 'has an impossible owner'],
    [{ pax: { gid: '4294967295' } }, 'has an impossible owner'],
    [{ pax: { uid: 'root' } }, 'has an impossible owner'],
  ])('%j is refused: it %s', (fields, problem) => {
    expect(readEntry(header(fields))._unsafeUnwrapErr()).toContain(problem);
  });
});
