/** Which bus systemd listens on: that of the system for root, that of the login for users. */
import { existsSync } from 'node:fs';
import { UnsupportedError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';

/** What `busctl` needs in its environment to find the bus. */
export type BusEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The environment for busctl. A user's bus is named by variables that `su`, `sudo` and cron don't set; its socket lies at the same place
 * all the same.
 *
 * @param exists - whether there is a file of this path
 */
export function busEnvironment(
  euid: number,
  environment: BusEnvironment = process.env,
  exists: (path: string) => boolean = existsSync,
): Result<BusEnvironment, HacoError> {
  if (euid === 0 || environment['DBUS_SESSION_BUS_ADDRESS'] !== undefined) return ok(environment);
  const runtime = environment['XDG_RUNTIME_DIR'] ?? `/run/user/${String(euid)}`;
  const socket = `${runtime}/bus`;
  if (exists(socket)) {
    return ok({ ...environment, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` });
  }
  return err(
    new UnsupportedError({
      feature: 'session bus of this user',
      neededFor: "driver: 'systemd'",
      since: `there is no socket ${socket}`,
      remedy: 'log in as that user, or let root say "loginctl enable-linger" for it and install dbus-user-session',
    }),
  );
}
