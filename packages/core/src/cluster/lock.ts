/** One cluster of a name at a time: a lock that the kernel lets go of when this process ends, however it ends. */
import { createServer, type Server } from 'node:net';
import { err, ok, type Result } from 'neverthrow';
import { ConflictError, IoError, type HacoError } from '@haco/plan';

/**
 * Take the lock: an abstract socket that nobody can connect to in vain, as nothing of it is in a file system; see unix(7). Errors:
 * `conflict`, `io`.
 */
export async function lockCluster(name: string): Promise<Result<Server, HacoError>> {
  const path = `\0haco/${String(process.getuid?.() ?? 0)}/cluster/${name}`;
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const errno = error.code ?? '';
      resolve(
        err(
          errno === 'EADDRINUSE'
            ? new ConflictError({
                what: 'cluster',
                subject: name,
                remedy: 'one of this name runs already; stop that one or choose another name',
              })
            : new IoError({ what: 'lock the cluster', path: name, errno, hint: 'look at the limits of this process' }),
        ),
      );
    });
    server.listen(path, () => resolve(ok(server)));
  });
}
