/** `linux.mountLabel`: the SELinux context of everything in the filesystems that are made for the container. */
import {
  flags,
  openFlags,
  slot,
  syscall,
  UnsupportedError,
  type HacoError,
  type Operation,
  type Step,
} from '@haco/plan';
import { probeHost } from '@haco/sys';
import { err, ok, type Result } from 'neverthrow';
import { insertOperations } from './insert-operations.js';

const AT_FDCWD = flags({ AT_FDCWD: -100 }, 'AT_FDCWD');
const FSCONFIG_SET_STRING = flags({ FSCONFIG_SET_STRING: 1 }, 'FSCONFIG_SET_STRING');

/** Their files have labels of the kernel's own, and are the same in other containers. */
const unlabelled: ReadonlySet<unknown> = new Set(['proc', 'sysfs', 'cgroup', 'cgroup2']);

/** Of these the kernel keeps one for each namespace, perhaps mounted before, which takes no other context: its root is labelled. */
const byRoot = 'mqueue';

/** By the working directory: a mount's descriptor is none that fsetxattr(2) takes. */
function labelRoot(mount: string, label: string): readonly Operation[] {
  const here = 'oci.here';
  const open = flags(openFlags(process.arch === 'arm64' ? 'arm64' : 'x64'), 'O_PATH', 'O_CLOEXEC');
  return [
    syscall('openat', [AT_FDCWD, '.', open, 0], { save: here }),
    syscall('fchdir', [slot(mount)]),
    syscall('setxattr', ['.', 'security.selinux', label, label.length + 1, 0]),
    syscall('fchdir', [slot(here)]),
  ];
}

function withLabel(step: Step, label: string): Step {
  let type: unknown;
  const operations = insertOperations(step.operations, (operation) => {
    if (operation.op !== 'syscall') return [];
    const { name, args, save } = operation;
    if (name === 'fsopen') type = args[0];
    if (name === 'fsopen' && save !== undefined && type !== byRoot && !unlabelled.has(type)) {
      return [syscall('fsconfig', [slot(save), FSCONFIG_SET_STRING, 'context', label, 0])];
    }
    if (name === 'fsmount' && save !== undefined && type === byRoot) return labelRoot(save, label);
    return [];
  });
  return operations.length === step.operations.length ? step : { ...step, operations };
}

/** The steps, with the label on each new filesystem. */
export function withMountLabel(steps: readonly Step[], label: string): readonly Step[] {
  return label === '' ? steps : steps.map((step) => withLabel(step, label));
}

/** Errors: `unsupported`, for a label on a host that has none to give. */
export function checkMountLabel(label: string): Result<void, HacoError> {
  if (label === '' || probeHost().confinement?.securityModules.includes('selinux') === true) return ok();
  const remedy = 'remove the field, or use a host where "ls /sys/fs/selinux" shows a policy';
  return err(
    new UnsupportedError({
      feature: 'SELinux',
      neededFor: 'linux.mountLabel',
      since: '',
      remedy,
      sentence: `linux.mountLabel is ${JSON.stringify(label)}, but this host doesn't run SELinux: the mounts would go without it; ${remedy}.`,
    }),
  );
}
