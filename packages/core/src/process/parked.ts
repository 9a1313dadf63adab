/** The wait of a container of a pool: complete but for its command, which Node sends together with the standard streams. */
import {
  sendDescriptor,
  flags,
  openFlags,
  slot,
  struct,
  syscall,
  type HostFacts,
  type Operation,
  type Step,
} from '@haco/plan';
import { atCwd } from './at-cwd.js';
import { notThere } from './candidates.js';

/**
 * Where the command lies in the memory of the parked process: a fixed place, so that Node knows every pointer before there is a
 * process. Above the launcher (4 MiB), far below where the kernel puts anything by itself, and within 31 bits: `load` reads 32-bit
 * numbers.
 */
export const parkedAddress = 0x2000_0000;
/** What fits there: a message is at most as large as the send buffer of a socket (net.core.wmem_default, 208 KiB). */
export const parkedBytes = 192 * 1024;

/** Directories of PATH that are tried, at most: the plan is made before the command is known. */
export const parkedPaths = 16;

/** Descriptors that come with the command: stdin, stdout, stderr. */
export const parkedDescriptors = 3;

/** Words of the request, each a 32-bit little-endian number: pointers to argv, to envp, and to the paths that are tried. */
export const requestWords = { argv: 0, envp: 1, paths: 2 } as const;
export const requestBytes = (requestWords.paths + parkedPaths) * 4;

/** Id of the step that waits. */
export const parkStepId = 'process.park';

const controlBytes = 16 + parkedDescriptors * 4;

/** struct cmsghdr of a message that brought all descriptors: its length, SOL_SOCKET, SCM_RIGHTS. */
function expectedHeader(): string {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(controlBytes, 0);
  header.writeInt32LE(1, 8);
  header.writeInt32LE(1, 12);
  return header.toString('base64');
}

const hex = (value: number) => ({ flags: [`0x${value.toString(16)}`], value });

function load(from: string, word: number, save: string): Operation {
  return { op: 'load', from, offset: word * 4, save };
}

const rootFlags = (arch: HostFacts['arch']) => flags(openFlags(arch), 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC');

/**
 * The steps between "no descriptor but the standard streams", which are a socket to Node until now, and the filters. They use
 * nothing that a filter could forbid, as none is in force yet.
 */
export function planParked({ arch }: HostFacts): readonly Step[] {
  const protection = flags({ PROT_READ: 1, PROT_WRITE: 2 }, 'PROT_READ', 'PROT_WRITE');
  const mapping = flags(
    { MAP_PRIVATE: 0x02, MAP_ANONYMOUS: 0x20, MAP_FIXED_NOREPLACE: 0x10_0000 },
    'MAP_PRIVATE',
    'MAP_ANONYMOUS',
    'MAP_FIXED_NOREPLACE',
  );
  const message = struct(
    { name: 'msg_name', type: 'u64', value: 0 },
    { name: 'msg_namelen', type: 'u64', value: 0 },
    {
      name: 'msg_iov',
      type: 'u64',
      value: struct(
        { name: 'iov_base', type: 'u64', value: { out: 'request', size: requestBytes } },
        { name: 'iov_len', type: 'u64', value: requestBytes },
        { name: 'iov_base', type: 'u64', value: hex(parkedAddress) },
        { name: 'iov_len', type: 'u64', value: parkedBytes },
      ),
    },
    { name: 'msg_iovlen', type: 'u64', value: 2 },
    { name: 'msg_control', type: 'u64', value: { out: 'streams', size: controlBytes } },
    { name: 'msg_controllen', type: 'u64', value: controlBytes },
    { name: 'msg_flags', type: 'u64', value: 0 },
  );
  return [
    {
      id: parkStepId,
      phase: 'handover',
      label: 'wait for a command',
      why: 'all that takes time is done; Node gets the root directory, for files of the run, and the socket, which is all that this process has open, ends with Node; nobody may trace it meanwhile',
      source: 'unix(7)',
      from: 'process.parked',
      operations: [
        syscall('prctl', [flags({ PR_SET_DUMPABLE: 4 }, 'PR_SET_DUMPABLE'), 0, 0, 0, 0]),
        // Kernels before 4.17 take the address for a wish.
        syscall('mmap', [hex(parkedAddress), parkedBytes, protection, mapping, -1, 0], { expect: parkedAddress }),
        // By this Node knows that it is complete, and may put files of a run into it.
        syscall('openat', [atCwd, '/', rootFlags(arch), 0], { save: 'parked-root' }),
        sendDescriptor(1, slot('parked-root'), 't'),
        syscall('close', [slot('parked-root')]),
        syscall('recvmsg', [0, message, flags({ MSG_CMSG_CLOEXEC: 0x4000_0000 }, 'MSG_CMSG_CLOEXEC')]),
        {
          op: 'compare',
          from: 'streams',
          offset: 0,
          with: { bytes: expectedHeader() },
          must: `${String(parkedDescriptors)} descriptors that came with a command`,
        },
      ],
    },
    {
      id: 'process.streams',
      phase: 'handover',
      label: 'take the standard streams that were sent',
      why: 'each run has its own; they take the place of the socket to Node',
      source: 'dup(2)',
      from: 'process.parked',
      operations: [
        ...[0, 1, 2].flatMap((number) => [
          load('streams', 4 + number, `stream-${String(number)}`),
          syscall('dup3', [slot(`stream-${String(number)}`), number, 0]),
        ]),
        syscall('close_range', [{ fd: 'first-closed' }, flags({ UINT_MAX: 4_294_967_295 }, 'UINT_MAX'), 0]),
        load('request', requestWords.argv, 'argv'),
        load('request', requestWords.envp, 'envp'),
        ...Array.from({ length: parkedPaths }, (_, index) =>
          load('request', requestWords.paths + index, `path-${String(index)}`),
        ),
      ],
    },
  ];
}

/** The calls that execute what was sent: one for each directory of PATH. Where there are fewer, the last one is repeated. */
export function executeParked(): readonly Operation[] {
  return Array.from({ length: parkedPaths }, (_, index) =>
    syscall(
      'execve',
      [slot(`path-${String(index)}`), slot('argv'), slot('envp')],
      index === parkedPaths - 1 ? {} : { tolerate: notThere },
    ),
  );
}
