/** The version of a kernel out of its release, as uname(2) shows it, and what follows from it. */
import type { HostFacts } from './host-facts.js';

/** A release and its version. */
export interface KernelRelease {
  /** As uname(2) has it, e.g. `6.1.0-37-amd64`. */
  readonly release: string;
  readonly major: number;
  readonly minor: number;
}

/**
 * `6.1.0-37-amd64` → 6, 1. Zeros when the text doesn't begin with a version.
 *
 * @example
 * ```ts
 * import { parseKernelRelease } from '@haco/plan';
 * parseKernelRelease('6.1.0-37-amd64').minor; // 1
 * ```
 */
export function parseKernelRelease(release: string): KernelRelease {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return { release, major: Number(major), minor: Number(minor) };
}

/**
 * Whether a kernel is not older than a version such as `5.12`.
 *
 * @example
 * ```ts
 * import { isKernelAtLeast, parseKernelRelease } from '@haco/plan';
 * isKernelAtLeast(parseKernelRelease('6.1.0-37-amd64'), '5.12'); // true
 * ```
 */
export function isKernelAtLeast(kernel: Pick<KernelRelease, 'major' | 'minor'>, version: string): boolean {
  const { major, minor } = parseKernelRelease(version);
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

/** The two halves of a sentence about a system call that isn't there. */
export interface MissingCall {
  /** E.g. `This kernel (5.4.0) has no openat2 (Linux 5.6)`. */
  readonly what: string;
  /** What mends it, e.g. `use a newer kernel`. */
  readonly remedy: string;
}

/**
 * Name a system call that a host lacks: because its kernel is too old, or because somebody hides it, as the filters of outer containers do.
 *
 * @param since - the first version of Linux that has it, with all that is used of it
 *
 * @example
 * ```ts
 * import { missingCall, type HostFacts } from '@haco/plan';
 * const sentence = (host: HostFacts) => {
 *   const { what, remedy } = missingCall(host, 'open_tree', '5.2');
 *   return `${what}; ${remedy}.`;
 * };
 * ```
 */
export function missingCall({ kernel }: Pick<HostFacts, 'kernel'>, name: string, since: string): MissingCall {
  return isKernelAtLeast(kernel, since)
    ? {
        what: `Something hides ${name}, which this kernel (${kernel.release}) has, from this process`,
        remedy: 'allow it in the seccomp profile of the container around this process (an emulator may lack it, too)',
      }
    : { what: `This kernel (${kernel.release}) has no ${name} (Linux ${since})`, remedy: 'use a newer kernel' };
}
