/** Running a program from a memory file, as the launcher is. */
import { type KernelFeature } from '../feature.js';

export const memfdExec = {
  label: 'permission to run programs from memory files',
  since: '3.17',
  remedy: 'set it with sysctl vm.memfd_noexec=1 (or 0), or let HACO_INIT name the launcher on disk',
  // 0: allowed; 1: allowed when asked for by MFD_EXEC; 2: forbidden. Kernels before 6.3 have no such file and allow it.
  isPresent: ({ host }) => host.read('/proc/sys/vm/memfd_noexec')?.trim() !== '2',
} as const satisfies KernelFeature;
