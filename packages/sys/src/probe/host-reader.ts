/** The few ways in which probing looks at a host: injected, so that any host can be described in a test. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { type PortableSyscallName, type SyscallArch, syscallNumbers } from '../codec/numbers.generated.js';
import { rawSyscall } from '../libc.js';

/** Looks at a host without changing it; nothing in here throws. */
export interface HostReader {
  /** Content of a file; undefined when it can't be read. */
  readonly read: (path: string) => string | undefined;
  readonly exists: (path: string) => boolean;
  /** Whether this process may write there; false on a read-only mount, also for root. */
  readonly writable: (path: string) => boolean;
  /** Result of a system call, negative errno on failure; undefined when none can be made from here. */
  readonly call: (name: PortableSyscallName, ...args: readonly (number | null)[]) => number | undefined;
}

/** The host on which this process runs. */
export function thisHost(arch: SyscallArch): HostReader {
  return {
    read: (path) => attempt(() => readFileSync(path, 'utf8')),
    exists: (path) => existsSync(path),
    writable: (path) =>
      attempt(() => {
        accessSync(path, constants.W_OK);
        return true;
      }) ?? false,
    // koffi has no prebuilt binary for some C libraries.
    call: (name, ...args) => attempt(() => rawSyscall(syscallNumbers[arch][name], ...args)),
  };
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
