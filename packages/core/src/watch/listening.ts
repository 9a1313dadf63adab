/** Whether something listens on a TCP port, as the kernel tells in `/proc/<pid>/net/tcp`. */

const LISTEN = '0A';

/**
 * Whether a table of sockets has a listening one on this port, whatever its address.
 *
 * @param table - content of `/proc/<pid>/net/tcp` or `tcp6`
 * @see proc_pid_net(5)
 */
export function listensOn(table: string, port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === LISTEN && local.endsWith(wanted);
  });
}
