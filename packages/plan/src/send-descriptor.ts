/** The operation by which a process hands a descriptor to another one, over a socket of AF_UNIX. */
import { flags, struct, syscall, type Arg, type Operation } from './operation.js';

/**
 * Send one byte with a descriptor.
 *
 * @param data - the byte
 * @param sendFlags - flags of sendmsg(2)
 * @see unix(7), SCM_RIGHTS
 */
export function sendDescriptor(socket: Arg, descriptor: Arg, data: string, sendFlags: Arg = 0): Operation {
  const control = struct(
    { name: 'len', type: 'u64', value: 20 },
    { name: 'level', type: 'u32', value: flags({ SOL_SOCKET: 1 }, 'SOL_SOCKET') },
    { name: 'type', type: 'u32', value: flags({ SCM_RIGHTS: 1 }, 'SCM_RIGHTS') },
    { name: 'fd', type: 'u32', value: descriptor },
    { name: 'pad', type: 'u32', value: 0 },
  );
  const vector = struct({ name: 'base', type: 'u64', value: data }, { name: 'len', type: 'u64', value: 1 });
  const message = struct(
    { name: 'name', type: 'u64', value: 0 },
    { name: 'namelen', type: 'u64', value: 0 },
    { name: 'iov', type: 'u64', value: vector },
    { name: 'iovlen', type: 'u64', value: 1 },
    { name: 'control', type: 'u64', value: control },
    { name: 'controllen', type: 'u64', value: 24 },
    { name: 'flags', type: 'u64', value: 0 },
  );
  return syscall('sendmsg', [socket, message, sendFlags], { expect: 1 });
}
