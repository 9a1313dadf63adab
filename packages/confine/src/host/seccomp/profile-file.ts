/** Seccomp profiles in files of the host: read once for each content. */
import { readFileSync, statSync } from 'node:fs';
import { InvalidSpecError, IoError, NotFoundError, issue, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';
import type { SeccompProfile } from '../../seccomp/profile.js';
import { parseProfile } from '../../seccomp/read-profile.js';

/** What a file held, and what tells that it still does. */
interface Remembered {
  readonly stamp: string;
  readonly profile: SeccompProfile;
}

const remembered = new Map<string, Remembered>();
const capacity = 64;

/** A file that has changed within so many milliseconds may change again and look the same: clocks of filesystems tick. */
const settledMs = 1000;

/** Changes with the content of a file, which nobody can set back (`ctime`); undefined when it can't be relied on yet. */
function stampOf(file: string): string | undefined {
  const { dev, ino, size, ctimeNs } = statSync(file, { bigint: true });
  const settled = Date.now() - Number(ctimeNs / 1_000_000n) > settledMs;
  return settled ? [dev, ino, size, ctimeNs].join(' ') : undefined;
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

/** Read a profile. Errors: `not-found`; `io`; `invalid-spec`, when it is none. */
export function readProfileFile(file: string): Result<SeccompProfile, HacoError> {
  let json: unknown;
  let stamp: string | undefined;
  try {
    // Before it is read: what is written meanwhile is noticed the next time.
    stamp = stampOf(file);
    const known = remembered.get(file);
    if (known !== undefined && known.stamp === stamp) return ok(known.profile);
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return err(readError(file, error));
  }
  return parseProfile(json)
    .map((profile) => {
      remembered.delete(file);
      if (stamp === undefined) return profile;
      remembered.set(file, { stamp, profile: frozen(profile) });
      const [oldest] = remembered.keys();
      if (remembered.size > capacity && oldest !== undefined) remembered.delete(oldest);
      return profile;
    })
    .mapErr(
      (issues) =>
        new InvalidSpecError({
          issues: issues.map(({ path, message }) => issue(path === '' ? file : `${file}: ${path}`, message)),
        }),
    );
}

function readError(file: string, error: unknown): HacoError {
  if (error instanceof SyntaxError) {
    return new InvalidSpecError({ issues: [issue(file, `is no JSON: ${error.message}`)] });
  }
  const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
  return errno === 'ENOENT'
    ? new NotFoundError({
        what: 'seccomp profile',
        subject: file,
        remedy: 'give the path of a JSON file on the host',
      })
    : new IoError({
        what: 'read the seccomp profile',
        path: file,
        errno,
        hint: 'give a file that this process can read',
      });
}
