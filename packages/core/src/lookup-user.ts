/** User and group names of a container, looked up in its own files without following a link out of its root. */
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { IoError, NotFoundError, type HacoError } from '@haco/plan';
import { hintFor, openInRoot } from '@haco/sys';
import { missingRoot } from './failure.js';
import type { ProcessSection, UserSpec } from './process/section.js';

interface Entry {
  readonly name: string;
  readonly fields: readonly string[];
}

/** Larger than any real one; the root is not to be trusted, and reading it must not exhaust Node. */
const largestDatabase = 16 * 1024 ** 2;

/** The text of a database of the container, which may be any kind of file that its maker put there. */
function readText(fd: number, path: string): Result<string, HacoError> {
  const failed = (errno: string, hint: string): Result<string, HacoError> =>
    err(new IoError({ what: 'look up the user in', path, errno, hint }));
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return failed('', 'it is not a regular file; mend the rootfs, or use the number of the user');
    if (stat.size > largestDatabase) {
      return failed('EFBIG', 'it has more than 16 MiB; mend the rootfs, or use the number of the user');
    }
    return ok(readFileSync(fd, 'utf8'));
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    return failed(errno, hintFor('read', errno));
  } finally {
    closeSync(fd);
  }
}

/** Lines of passwd(5) or group(5); a file that isn't there has none. */
function readDatabase(root: string, path: string): Result<readonly Entry[], HacoError> {
  return openInRoot(root, path)
    .andThen((fd) => readText(fd, `${root === '/' ? '' : root}${path}`))
    .orElse((error) => {
      if (error.kind !== 'not-found') return err(error);
      return error.subject === root && root !== '/' ? err(missingRoot(root, 'could not open it')) : ok('');
    })
    .map((text) =>
      text
        .split('\n')
        .map((line) => line.split(':'))
        .filter((fields) => fields.length >= 3)
        .map((fields) => ({ name: fields[0] ?? '', fields })),
    );
}

/** Strict: the whole field, digits, in range (CVE-2026-30892 was a lenient parse). */
function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id < 4_294_967_295 ? id : undefined;
}

function missing(what: string, name: string, path: string): NotFoundError {
  return new NotFoundError({ what, subject: name, remedy: `add it to ${path} of the container, or use its number` });
}

function groupId(root: string, group: number | string): Result<number, HacoError> {
  if (typeof group === 'number') return ok(group);
  return readDatabase(root, '/etc/group').andThen((entries) => {
    const id = parseId(entries.find((entry) => entry.name === group)?.fields[2]);
    return id === undefined ? err(missing('group', group, '/etc/group')) : ok(id);
  });
}

function resolve(root: string, user: UserSpec): Result<Required<UserSpec>, HacoError> {
  return readDatabase(root, '/etc/passwd').andThen((entries) => {
    const entry =
      typeof user.uid === 'string'
        ? entries.find(({ name }) => name === user.uid)
        : entries.find(({ fields }) => parseId(fields[2]) === user.uid);
    const uid = typeof user.uid === 'number' ? user.uid : parseId(entry?.fields[2]);
    if (uid === undefined) return err(missing('user', String(user.uid), '/etc/passwd'));
    const ownGroup = parseId(entry?.fields[3]) ?? uid;
    return groupId(root, user.gid ?? ownGroup).andThen((gid) => {
      if (user.groups !== undefined) {
        return user.groups
          .reduce<Result<readonly number[], HacoError>>(
            (list, group) => list.andThen((ids) => groupId(root, group).map((id) => [...ids, id])),
            ok([]),
          )
          .map((groups) => ({ uid, gid, groups }));
      }
      if (typeof user.uid === 'number') return ok({ uid, gid, groups: [] });
      return readDatabase(root, '/etc/group').map((all) => ({
        uid,
        gid,
        groups: all
          .filter(({ fields }) => (fields[3] ?? '').split(',').includes(String(user.uid)))
          .flatMap(({ fields }) => parseId(fields[2]) ?? []),
      }));
    });
  });
}

/**
 * The section with numbers in place of names.
 *
 * @param root - path on the host of what is the container's root; `/` for overlays of the host
 */
export function resolveUser(section: ProcessSection, root: string): Result<ProcessSection, HacoError> {
  const { user } = section;
  if (user === undefined) return ok(section);
  const numeric =
    typeof user.uid === 'number' &&
    typeof user.gid === 'number' &&
    (user.groups ?? []).every((group) => typeof group === 'number');
  if (numeric) return ok(section);
  // A plain number without a group must not demand that the container has a passwd file, but uses it when it has.
  return resolve(root, user).map((found) => ({ ...section, user: found }));
}
