/** Reads one header of a tar archive; whatever looks wrong in it is a reason to refuse the whole archive. */
import { err, ok, type Result } from 'neverthrow';
import type { Headers } from './tar-reader.js';

/**
 * A file name as bytes, one character each (latin1): names in an archive need not be UTF-8, and decoding them would damage
 * them.
 */
export type ByteName = string;

export type EntryType = 'file' | 'link' | 'symlink' | 'directory' | 'character-device' | 'block-device' | 'fifo';

/** One entry, as far as it was checked without looking at the directory. */
export interface Entry {
  readonly type: EntryType;
  /** Components of its name; none is empty, `.` or `..`. The root itself has none. */
  readonly path: readonly ByteName[];
  /** The name for people. */
  readonly shown: string;
  /** Of a hard link: components of the name of the file. */
  readonly linkPath: readonly ByteName[];
  /** Of a symbolic link: what it says. */
  readonly linkText: ByteName;
  /** Permission bits with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly device: { readonly major: number; readonly minor: number };
  /** Extended attributes by name (one character per byte). */
  readonly xattrs: ReadonlyMap<ByteName, Buffer>;
  /** Names of extended attributes in a form that is not understood, which are not kept. */
  readonly lost: readonly string[];
}

const types: Readonly<Record<string, EntryType>> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'link',
  symlink: 'symlink',
  directory: 'directory',
  'character-device': 'character-device',
  'block-device': 'block-device',
  fifo: 'fifo',
};

// The kernel takes no longer path; nested any deeper, the tree couldn't be removed by name again.
const longestName = 3000;
// -1 means "leave it as it is" to chown(2).
const highestId = 2 ** 32 - 2;

/** The name for people, whatever it is. */
export function shownName({ name }: Headers): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** The error is the end of a sentence that begins with the entry's name. */
export function readEntry(header: Headers): Result<Entry, string> {
  const type = types[header.type ?? ''];
  const pax = header.pax ?? {};
  const keys = Object.keys(pax);
  if (keys.some((key) => key.startsWith('GNU.sparse.')))
    return err('is a sparse file; make the archive without --sparse');
  if (type === undefined) return err('is of a type that is not supported (sparse, multi-volume, incremental, …)');
  // Already decoded, so its bytes are lost; U+FFFD is what a decoder writes for them.
  if ([pax['path'], pax['linkpath']].some((name) => name?.includes('\ufffd') === true)) {
    return err('has a name that is not UTF-8 in a pax header; make the archive with --format=gnu');
  }
  return splitName(asBytes(header.name, pax['path'])).andThen((path) => {
    const linkText = asBytes(header.linkname ?? '', pax['linkpath']);
    const linkPath = type === 'link' ? splitName(linkText) : ok([]);
    if (type === 'symlink' && (linkText === '' || linkText.includes('\0') || linkText.length > longestName)) {
      return err('is a symbolic link to an impossible name');
    }
    const uid = numberOf(pax['uid'], header.uid);
    const gid = numberOf(pax['gid'], header.gid);
    if (![uid, gid].every((id) => Number.isInteger(id) && id >= 0 && id <= highestId)) {
      return err(`has an impossible owner, ${String(uid)}:${String(gid)}`);
    }
    return linkPath
      .mapErr((problem) => `is a link to a file whose name ${problem}`)
      .map((link) => ({
        type,
        path,
        shown: shownName(header),
        linkPath: link,
        linkText,
        mode: Number.isInteger(header.mode) ? header.mode & 0o7777 : 0o644,
        uid,
        gid,
        mtime: secondsOf(pax['mtime'], header.mtime),
        device: { major: header.devmajor, minor: header.devminor },
        xattrs: header.xattrs,
        lost: keys
          .filter((key) => key.startsWith('LIBARCHIVE.xattr.') || key.startsWith('SCHILY.acl.'))
          .map((key) => key.replace(/^\w+\./, ''))
          // bsdtar writes both forms.
          .filter((name) => !header.xattrs.has(name.replace(/^xattr\./, ''))),
      }));
  });
}

/** tar-stream decodes pax headers as the UTF-8 that they are, and all other names as we told it, as latin1. */
function asBytes(name: string, pax: string | undefined): ByteName {
  return pax !== undefined && pax === name ? Buffer.from(name, 'utf8').toString('latin1') : name;
}

function splitName(name: ByteName): Result<readonly ByteName[], string> {
  if (name.startsWith('/')) return err('is absolute, which could name any file of the host');
  if (name.includes('\0')) return err('contains a NUL byte');
  if (name.length > longestName) return err(`is longer than ${String(longestName)} bytes`);
  const components = name.split('/').filter((component) => component !== '' && component !== '.');
  if (components.includes('..')) return err('contains "..", which could lead out of the target');
  return ok(components);
}

function numberOf(pax: string | undefined, header: number): number {
  return pax === undefined ? header : Number(pax);
}

/** A time that no file system has is no reason to fail. */
function secondsOf(pax: string | undefined, header: Date): number {
  const seconds = pax === undefined ? header.getTime() / 1000 : Number(pax);
  return Number.isFinite(seconds) && Math.abs(seconds) < 2 ** 33 ? seconds : 0;
}
