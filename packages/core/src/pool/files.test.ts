/** What can't be a file of a run is told at once, before a container is taken. */
import { expect, test } from 'vitest';
import { readPoolFiles, type PoolFiles } from './files.js';

test('contents are text, bytes, or either with an owner and a mode', () => {
  const read = readPoolFiles({ '/a': 'x', '/b': Buffer.of(0, 255), '/c/d': { content: 'y', mode: 0o600, uid: 1 } });
  expect(read._unsafeUnwrap()).toMatchObject([
    { path: '/a', content: 'x' },
    { path: '/b' },
    { path: '/c/d', content: 'y', mode: 0o600, uid: 1 },
  ]);
});

test('everything that makes no sense is told, each with its place', () => {
  const files = {
    relative: 'x',
    '/a\0b': 'x',
    '/dir/': 'x',
    '/dir/..': 'x',
    '/number': 5,
    '/owner': { content: 'x', uid: -1 },
    '/mode': { content: 'x', mode: 0o10000 },
    '/word': { content: 'x', owner: 1 },
    '/large': Buffer.alloc(65 * 1024 ** 2),
  } as unknown as PoolFiles;
  expect(readPoolFiles(files)._unsafeUnwrapErr().message).toBe(
    'The spec has 9 problems: pool.files["relative"]: must be an absolute path, as seen inside, without NUL; ' +
      'pool.files["/a\\u0000b"]: must be an absolute path, as seen inside, without NUL; ' +
      'pool.files["/dir/"]: must end with a name; ' +
      'pool.files["/dir/.."]: must end with a name; ' +
      'pool.files["/number"]: must be text, bytes, or { content, uid, gid, mode }; ' +
      'pool.files["/owner"]: has a uid that is no id; ids are 0 to 4294967294; ' +
      'pool.files["/mode"]: has a mode that is none, e.g. 0o644; ' +
      'pool.files["/word"]: must be text, bytes, or { content, uid, gid, mode }; ' +
      'pool.files: have more than 64 MiB; mount them, or send them by stdin.',
  );
  expect(readPoolFiles('x' as unknown as PoolFiles)._unsafeUnwrapErr().message).toBe(
    'The spec is invalid: pool.files: must be an object: contents by absolute path.',
  );
});
