/** The socket between Node and a launcher that stops at barriers: it names the barrier, Node answers go or stop. */
import { Socket } from 'node:net';
import { err, ok, type Result } from 'neverthrow';
import { SyscallError, type HacoError } from '@haco/plan';
import { errnoName } from '../errno.js';
import { hintFor } from '../hint.js';
import { libc } from '../libc.js';

const AF_UNIX = 1;
const types = { stream: 1, seqpacket: 5 } as const;
const SOCK_CLOEXEC = 0o2000000;

/** A connected pair of sockets, both close-on-exec. */
export function socketPair(type: keyof typeof types = 'stream'): Result<readonly [number, number], HacoError> {
  const fds = Buffer.alloc(8);
  if (libc().socketpair(AF_UNIX, types[type] | SOCK_CLOEXEC, 0, fds) < 0) {
    const errno = errnoName(libc().errno());
    return err(
      new SyscallError({
        step: 'make a socket to the launcher',
        call: `socketpair(AF_UNIX, SOCK_${type.toUpperCase()}|SOCK_CLOEXEC, 0)`,
        syscall: 'socketpair',
        errno,
        hint: hintFor('socketpair', errno),
      }),
    );
  }
  return ok([fds.readInt32LE(0), fds.readInt32LE(4)]);
}

/** Answer barriers on Node's end of the pair until the launcher closes its own. `reached` decides whether the start goes on. */
export function serveBarriers(fd: number, reached: (barrier: number) => Promise<boolean>): Socket {
  const socket = new Socket({ fd, readable: true, writable: true });
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4) {
      const barrier = received.readUInt32LE(0);
      received = received.subarray(4);
      void reached(barrier).then(
        (go) => socket.write(Buffer.of(go ? 1 : 0)),
        () => socket.write(Buffer.of(0)),
      );
    }
  });
  // The launcher's end is noticed by its pid; a broken socket is part of that.
  socket.on('error', () => undefined);
  return socket;
}
