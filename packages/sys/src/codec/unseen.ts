/** How far a plan goes before anybody could notice who isn't in the namespaces of its own process. */
import { openFlags, type Arg, type Operation, type SyscallOperation } from '@haco/plan';

const CLONE_NEWNS = 0x20000;
const MS_REC = 0x4000;
const MS_PRIVATE = 0x40000;
const MS_SLAVE = 0x80000;
/** The same on all architectures. */
const { O_PATH } = openFlags('x64');

/** These change the process itself, or make descriptors that nobody else has. */
const ownOnly: ReadonlySet<string> = new Set(['umask', 'open_tree', 'fsconfig', 'fsmount']);
/** Their superblocks are made anew, of nothing that lies on a disk or belongs to another. */
const newFilesystems: ReadonlySet<Arg> = new Set(['proc', 'tmpfs', 'sysfs', 'devpts', 'mqueue']);

function valueOf(arg: Arg | undefined): number {
  if (typeof arg === 'number') return arg;
  return typeof arg === 'object' && 'value' in arg ? arg.value : 0;
}

/** Whether no mount spreads to other namespaces from here on. */
function cutsOff({ name, args }: SyscallOperation): boolean {
  const flags = valueOf(args[3]);
  return name === 'mount' && args[1] === '/' && [MS_REC | MS_PRIVATE, MS_REC | MS_SLAVE].includes(flags);
}

function onlyLooksUp({ name, args }: SyscallOperation): boolean {
  const [, , how] = args;
  if (name !== 'openat2' || typeof how !== 'object' || !('struct' in how)) return false;
  return (valueOf(how.struct[0]?.value) & O_PATH) !== 0;
}

/** An operation in its place. */
interface Placed {
  readonly origin: { readonly operation: Operation };
  /** Whether it is the last one of its step. */
  readonly last: boolean;
}

/**
 * How many operations, from the beginning to the end of a step, change only what the new process alone has: itself, and its mount
 * namespace. These may be performed, and the process ended then, as if it had never been.
 */
export function countUnseen(operations: readonly Placed[]): number {
  let count = 0;
  let ownMounts = false;
  let apart = false;
  const isUnseen = (operation: Operation): boolean => {
    if (operation.op === 'clone') {
      ownMounts = (operation.flags.value & CLONE_NEWNS) !== 0;
      return true;
    }
    if (operation.op !== 'syscall') return false;
    apart ||= ownMounts && cutsOff(operation);
    const { name, args } = operation;
    if (name === 'mount') return apart && cutsOff(operation);
    if (name === 'move_mount') return apart;
    return ownOnly.has(name) || onlyLooksUp(operation) || (name === 'fsopen' && newFilesystems.has(args[0] ?? 0));
  };
  for (const [index, { origin, last }] of operations.entries()) {
    if (!isUnseen(origin.operation)) break;
    if (last) count = index + 1;
  }
  return count;
}
