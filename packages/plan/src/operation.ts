/** What a step asks of the kernel: plain values that can be printed, compared with strace, and encoded for the launcher. */

/** The name under which the result of an operation is kept, for use by later operations of the same process. */
export type SlotName = string;

/** A flag word with the names that it was made of, so that `explain()` can print it as a man page would. */
export interface Flags {
  readonly flags: readonly string[];
  readonly value: number;
}

/** One field of a C structure, in declaration order; the encoder adds no padding. */
export interface Field {
  readonly name: string;
  readonly type: 'u16' | 'u32' | 'u64';
  /** A number, flags, a slot, or (u64 only) a pointer to what the argument describes. */
  readonly value: Arg;
}

/**
 * One argument of a system call.
 *
 * | value | passed to the kernel |
 * | --- | --- |
 * | `number` | the number (safe integers; negative ones as two's complement, so `-1` is `RLIM_INFINITY` too) |
 * | `string` | pointer to the NUL-terminated UTF-8 bytes |
 * | `{ slot }` | the value that an earlier operation kept |
 * | `{ flags, value }` | the value; the names are for people |
 * | `{ fd }` | a descriptor that the runtime hands to the launcher under this name |
 * | `{ struct }` | pointer to the packed fields |
 * | `{ strings }` | pointer to a NULL-terminated array of strings (`argv`, `envp`) |
 * | `{ bytes }` | pointer to these bytes (base64) |
 * | `{ out, size }` | pointer to `size` zeroed bytes, readable later by `load` or from the report under this name |
 * | `{ procPath }` | pointer to `/proc/<value of the slot>` |
 */
export type Arg =
  | number
  | string
  | { readonly slot: SlotName }
  | Flags
  | { readonly fd: string }
  | { readonly struct: readonly Field[] }
  | { readonly strings: readonly string[] }
  | { readonly bytes: string }
  | { readonly out: string; readonly size: number }
  | { readonly procPath: SlotName };

/** Perform one system call. */
export interface SyscallOperation {
  readonly op: 'syscall';
  /** Name as in the man pages, e.g. `move_mount`. */
  readonly name: string;
  readonly args: readonly Arg[];
  /** Keep the result under this name. After a tolerated error the slot holds the negative errno. */
  readonly save?: SlotName;
  /** Errno names after which the start goes on. */
  readonly tolerate?: readonly string[];
  /** The exact result that counts as success, e.g. the length of a write. A different result is EIO. */
  readonly expect?: number;
  /** After success, leave out this many of the operations that follow in the same step (alternatives). */
  readonly skipOnSuccess?: number;
  /** After a tolerated error, leave out this many of the operations that follow in the same step. */
  readonly skipOnTolerated?: number;
  /** Try again every millisecond, so many times, while the result is one of these errnos. */
  readonly retry?: { readonly errnos: readonly string[]; readonly times: number };
  /** Only made when a race was lost, as a repetition of what stands before: `explain()` leaves it out. */
  readonly repeats?: true;
}

/** Read a 32-bit value out of an `out` argument into a slot (for example a pipe's descriptors). */
export interface LoadOperation {
  readonly op: 'load';
  readonly from: string;
  /** Offset in bytes. */
  readonly offset: number;
  readonly save: SlotName;
}

/**
 * Create the container's process with `clone3(2)`; the steps of the container's phases run in it. The launcher goes on with
 * the `parent` phase, and the slot `child` holds the new pid as the launcher sees it.
 */
export interface CloneOperation {
  readonly op: 'clone';
  readonly flags: Flags;
  /** Descriptor of a v2 cgroup for `CLONE_INTO_CGROUP`. */
  readonly cgroup?: SlotName;
}

/**
 * Tell Node and wait for its answer. Node runs what is registered under `name` (a hook, a helper program), then lets the
 * launcher go on, or stops it.
 */
export interface BarrierOperation {
  readonly op: 'barrier';
  readonly name: string;
  /** An external program that Node runs at this point; `{ childPid: true }` stands for the container's pid. */
  readonly tool?: readonly (string | { readonly childPid: true })[];
  /** Package that provides the tool, for the error message. */
  readonly package?: string;
  /** What Node does here itself, as command lines for people; `<child>` stands for the container's pid. */
  readonly does?: readonly string[];
}

/** Split off an init: this process stays as reaper and signal forwarder, its child goes on with the next operations. */
export interface InitOperation {
  readonly op: 'init';
}

/** Kill every process listed in a `cgroup.procs` file until it is empty (cgroup v1 has no `cgroup.kill`). */
export interface KillListedOperation {
  readonly op: 'kill-listed';
  /** Descriptor of the directory. */
  readonly dir: SlotName;
  readonly file: string;
}

/**
 * Go on only when an `out` argument holds what it must: the bytes, or the same as another `out` argument at the same offset. Else
 * the step fails with ESTALE.
 */
export interface CompareOperation {
  readonly op: 'compare';
  /** Name of the `out` argument. */
  readonly from: string;
  /** Offset in bytes. */
  readonly offset: number;
  /** Bytes in base64, or another `out` argument and how many bytes. */
  readonly with: { readonly bytes: string } | { readonly out: string; readonly size: number };
  /** What it must be, for people, e.g. `a character device 1:3`. */
  readonly must: string;
}

/** What a step is made of. */
export type Operation =
  | SyscallOperation
  | LoadOperation
  | CloneOperation
  | BarrierOperation
  | InitOperation
  | KillListedOperation
  | CompareOperation;

/** Everything of a {@link SyscallOperation} that isn't its name or its arguments. */
export type SyscallOptions = Omit<SyscallOperation, 'op' | 'name' | 'args'>;

/**
 * A system call as an {@link Operation}.
 *
 * @example
 * ```ts
 * import { syscall } from '@haco/plan';
 * syscall('sethostname', ['x', 1]);
 * ```
 */
export function syscall(name: string, args: readonly Arg[], options: SyscallOptions = {}): SyscallOperation {
  return { op: 'syscall', name, args, ...options };
}

/**
 * Combine named flags of one table into a word that still knows its names.
 *
 * @example
 * ```ts
 * import { flags } from '@haco/plan';
 * const O = { O_RDONLY: 0, O_PATH: 0o10000000, O_CLOEXEC: 0o2000000 } as const;
 * flags(O, 'O_PATH', 'O_CLOEXEC'); // { flags: ['O_PATH', 'O_CLOEXEC'], value: 0o12000000 }
 * ```
 */
export function flags<const T extends Readonly<Record<string, number>>>(
  table: T,
  ...names: readonly (keyof T & string)[]
): Flags {
  // Sums instead of `|`: JavaScript's bit operators are 32-bit and signed, CLONE_IO is 2^31. Each name counts once.
  const unique = [...new Set(names)];
  const value = unique.reduce((word, name) => Number(BigInt(word) | BigInt(table[name] ?? 0)), 0);
  return { flags: unique, value };
}

/** The value that an earlier operation kept under `name`. */
export function slot(name: SlotName): { readonly slot: SlotName } {
  return { slot: name };
}

/** Pointer to a packed C structure. */
export function struct(...fields: readonly Field[]): { readonly struct: readonly Field[] } {
  return { struct: fields };
}
