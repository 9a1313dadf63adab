/** For tests: an ordinary user to whom subordinate ids are granted. The grant is made in an /etc that only its processes see. */
import { writeFileSync } from 'node:fs';

/** Nobody: the user of whom nothing else is known to the host. */
export const grantedUser = '65534';

/** What a test needs to use {@link withGrant}. */
export const grantNeeds = ['root', 'newuidmap', 'tool:setpriv', 'tool:unshare'] as const;

/**
 * A command line that runs another as that user. All of its programs but the last replace themselves: its pid is that of the command.
 *
 * @param file - where the grant may be written
 * @param grant - lines as in subuid(5), for users and groups
 * @param prepare - what a shell does before, as root, with mounts that nobody else sees
 */
export function withGrant(
  command: readonly string[],
  { file, grant, prepare = 'true' }: { readonly file: string; readonly grant: string; readonly prepare?: string },
): readonly string[] {
  writeFileSync(file, grant);
  const shell = `touch /etc/subuid /etc/subgid; mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && ${prepare} && exec "$@"`;
  const drop = ['setpriv', `--reuid=${grantedUser}`, `--regid=${grantedUser}`, '--clear-groups', '--'];
  return ['unshare', '--mount', 'sh', '-c', shell, file, ...drop, ...command];
}
