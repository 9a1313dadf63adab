/** The flags `--uid` and `--gid`: who runs the command. */
import { err, ok, type Result } from 'neverthrow';
import { UsageError } from '../command-line/usage-error.js';

/** As `user()` takes it. */
export interface AskedUser {
  readonly uid: number | string;
  readonly gid?: number | string;
}

/** Digits are a number; whatever else is a name, which the builder judges: nothing is parsed half. */
const id = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text);

/** Undefined: nobody was asked for. A group alone is refused: root in place of the user that the container has would be a surprise. */
export function userOf({
  uid,
  gid,
}: {
  readonly uid?: string | undefined;
  readonly gid?: string | undefined;
}): Result<AskedUser | undefined, UsageError> {
  if (uid === undefined) {
    return gid === undefined
      ? ok(undefined)
      : err(new UsageError('The option --gid needs --uid, which says who runs in that group; write --uid UID|NAME.'));
  }
  return ok({ uid: id(uid), ...(gid === undefined ? {} : { gid: id(gid) }) });
}
