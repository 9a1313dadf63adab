/** The device by which programs make interfaces: whether this user may. */
import { accessSync, constants } from 'node:fs';
import { PermissionError, UnsupportedError, type HacoError } from '@haco/plan';
import { err, ok, type Result } from 'neverthrow';

const path = '/dev/net/tun';

/** Refuse what a program would only say in its own words. */
export function requireTun(program: string): Result<void, HacoError> {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return ok();
  } catch (error) {
    return (error as { readonly code?: string }).code === 'ENOENT'
      ? err(
          new UnsupportedError({
            feature: path,
            neededFor: program,
            since: 'CONFIG_TUN',
            remedy: 'load it with "modprobe tun", or use network("none")',
          }),
        )
      : err(
          new PermissionError({
            what: `make an interface for ${program}`,
            missing: `this user may not open ${path}`,
            remedy: `run "chmod 666 ${path}" as root, which is safe: an interface is only made where the user may do so`,
          }),
        );
  }
}
