/** The loopback interface of a new net namespace, which begins as down. */
import { flags, slot, struct, syscall, type Step } from '@haco/plan';

const AF_INET = { flags: ['AF_INET'], value: 2 };
const socketTypes = { SOCK_DGRAM: 2, SOCK_CLOEXEC: 0o2000000 } as const;
const SIOCSIFFLAGS = { flags: ['SIOCSIFFLAGS'], value: 0x8914 };
const interfaceFlags = { IFF_UP: 0x1, IFF_RUNNING: 0x40 } as const;

/** "lo" as the first bytes of a name, in the byte order of both architectures. */
const lo = { flags: ['"lo"'], value: 0x6f6c };

const socket = 'network.socket';

/** The step: two system calls, no tool. Both addresses, 127.0.0.1 and ::1, come with it. */
export function planLoopback(): Step {
  const request = struct(
    { name: 'ifr_name', type: 'u64', value: lo },
    { name: 'ifr_name[8]', type: 'u64', value: 0 },
    { name: 'ifr_flags', type: 'u16', value: flags(interfaceFlags, 'IFF_UP', 'IFF_RUNNING') },
    // The rest of the union in struct ifreq: 40 bytes in all.
    { name: 'pad', type: 'u16', value: 0 },
    { name: 'pad', type: 'u32', value: 0 },
    { name: 'pad', type: 'u64', value: 0 },
    { name: 'pad', type: 'u64', value: 0 },
  );
  return {
    id: 'network.loopback',
    phase: 'session',
    label: 'switch the loopback interface on',
    why: 'in a new net namespace it is down, and programs that talk to themselves over 127.0.0.1 would fail',
    operations: [
      syscall('socket', [AF_INET, flags(socketTypes, 'SOCK_DGRAM', 'SOCK_CLOEXEC'), 0], { save: socket }),
      syscall('ioctl', [slot(socket), SIOCSIFFLAGS, request]),
      syscall('close', [slot(socket)]),
    ],
    from: 'network.mode',
    needs: [{ capability: 'net_admin', over: 'container' }],
    source: 'netdevice(7)',
  };
}
