/** The C programs of `probe/`: what each is made of. */

/** One static program. */
export interface NativeTool {
  readonly name: string;
  /** Files in `probe/`: what is compiled. */
  readonly sources: readonly string[];
  /** Files in `probe/`: what those include. */
  readonly headers?: readonly string[];
}

export const nativeTools = {
  probe: {
    name: 'probe',
    sources: [
      'probe.c', 'json.c', 'names.c', 'identity.c', 'process.c', 'files.c', 'mounts.c', 'load.c', 'terminal.c', 'ipc.c',
    ],
    headers: ['probe.h', 'json.h', 'names.h'],
  },
  peek: { name: 'peek', sources: ['peek.c'] },
  'hide-syscall': { name: 'hide-syscall', sources: ['hide-syscall.c'] },
  syscalls: { name: 'syscalls', sources: ['syscalls.c', 'names.c'], headers: ['names.h'] },
} as const satisfies Record<string, NativeTool>; // prettier-ignore

export type NativeToolName = keyof typeof nativeTools;
