/** Who asks: what lives in a container must not give orders, even where it can see the socket. */
import { readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { rawSyscall, syscallNumbers } from '@haco/sys';

const { getsockopt } = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

function namespaces(pid: number | 'self'): string | undefined {
  try {
    return ['user', 'pid'].map((kind) => readlinkSync(`/proc/${String(pid)}/ns/${kind}`)).join();
  } catch {
    return undefined;
  }
}

/**
 * Whether the process at the other end shares our user and pid namespaces. Root of a container that shares our user namespace may open
 * the socket like root outside; one that shares both is no stranger to us anyway.
 *
 * @see SO_PEERCRED in unix(7)
 */
export function isNeighbour(socket: Socket): boolean {
  const { fd } = (socket as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle ?? {};
  if (fd === undefined || fd < 0) return false;
  const credentials = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeInt32LE(12);
  if (rawSyscall(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return false;
  // 0: a process that our pid namespace can't name.
  const pid = credentials.readInt32LE(0);
  const theirs = pid > 0 ? namespaces(pid) : undefined;
  return theirs !== undefined && theirs === namespaces('self');
}
