/** Where the state of containers is kept: a private directory that is emptied at boot. */
import { lstatSync, mkdirSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { InvalidSpecError, IoError, issue, NotFoundError, PermissionError, show, type HacoError } from '@haco/plan';
import { checkLibc, hintFor, unsupportedProcess } from '@haco/sys';

/** Where to look for, and keep, the state of containers. */
export interface StateOptions {
  /**
   * An absolute path in place of `/run/haco` (root) or `$XDG_RUNTIME_DIR/haco` (others). Without it `HACO_STATE_DIR` of the environment
   * counts.
   */
  readonly stateDir?: string;
}

/** The path of the state directory. Errors: `not-found`, when nothing says where; `invalid-spec`; `unsupported`, as by all that follow. */
export function stateDirectory({ stateDir }: StateOptions): Result<string, HacoError> {
  // Before words about what only Linux has, such as XDG_RUNTIME_DIR.
  const unsupported = unsupportedProcess();
  if (unsupported !== undefined) return err(unsupported);
  const { HACO_STATE_DIR, XDG_RUNTIME_DIR } = process.env;
  const given = stateDir ?? (HACO_STATE_DIR === '' ? undefined : HACO_STATE_DIR);
  if (given !== undefined) {
    if (typeof (given as unknown) === 'string' && isAbsolute(given))
      return ok(given.length > 1 ? given.replace(/\/+$/, '') : given);
    const message = `${show(given)} is not an absolute path; begin it with /`;
    return err(new InvalidSpecError({ issues: [issue('stateDir', message)] }));
  }
  if (process.geteuid?.() === 0) return ok('/run/haco');
  if (XDG_RUNTIME_DIR !== undefined && isAbsolute(XDG_RUNTIME_DIR)) return ok(`${XDG_RUNTIME_DIR}/haco`);
  return err(
    new NotFoundError({
      what: 'directory for the state of containers',
      subject: '$XDG_RUNTIME_DIR/haco',
      remedy:
        'XDG_RUNTIME_DIR is not set; log in by way of systemd-logind, or set HACO_STATE_DIR to a private directory',
    }),
  );
}

/** What others may read or write here would be obeyed as if this user had written it. */
function checkPrivate(path: string): Result<string, HacoError> {
  // Whoever goes on looks at locks.
  const callable = checkLibc();
  if (callable.isErr()) return err(callable.error);
  const what = `keep state in ${path}`;
  const stat = lstatSync(path);
  if (!stat.isDirectory()) {
    return err(new IoError({ what: 'keep state in', path, errno: 'ENOTDIR', hint: 'give the path of a directory' }));
  }
  if (stat.uid !== process.geteuid?.()) {
    const missing = `the directory belongs to user ${String(stat.uid)}`;
    return err(new PermissionError({ what, missing, remedy: 'use one of your own, by HACO_STATE_DIR' }));
  }
  if ((stat.mode & 0o077) === 0) return ok(path);
  const missing = `other users may enter it (mode ${(stat.mode & 0o777).toString(8)})`;
  return err(new PermissionError({ what, missing, remedy: `say "chmod 700 ${path}"` }));
}

/** The state directory, made if need be. Errors: `not-found`, `invalid-spec`, `permission`, `io`. */
export function makeStateDirectory(options: StateOptions): Result<string, HacoError> {
  return stateDirectory(options).andThen((path) => {
    try {
      mkdirSync(path, { mode: 0o700, recursive: true });
      return checkPrivate(path);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      const hint = errno === 'EACCES' || errno === 'EROFS' ? 'set HACO_STATE_DIR to a directory of yours' : '';
      return err(new IoError({ what: 'make the directory', path, errno, hint: hint || hintFor('mkdirat', errno) }));
    }
  });
}

/** The state directory when there is one; undefined: nobody has ever registered a container. */
export function findStateDirectory(options: StateOptions): Result<string | undefined, HacoError> {
  return stateDirectory(options).andThen((path) => {
    try {
      return checkPrivate(path);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? '';
      if (errno === 'ENOENT') return ok(undefined);
      return err(new IoError({ what: 'look into', path, errno, hint: hintFor('openat', errno) }));
    }
  });
}
