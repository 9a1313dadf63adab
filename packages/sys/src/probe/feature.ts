/** What a kernel feature is to the probe: a name for people, since when, how to check, and the probe itself. */
import { type PortableSyscallName } from '../codec/numbers.generated.js';
import { errnoNumber } from '../errno.js';
import { type HostReader } from './host-reader.js';
import { isKernelAtLeast, type KernelRelease } from '@haco/plan';

/** What a probe may look at. */
export interface FeatureProbe {
  readonly host: Pick<HostReader, 'read' | 'exists' | 'call'>;
  readonly kernel: KernelRelease;
}

/** One kernel feature, and how to find out whether it is there. */
export interface KernelFeature {
  /** What it is, e.g. `openat2(2)`. */
  readonly label: string;
  /** First version of Linux that has it, e.g. `5.6`. */
  readonly since: string;
  /** How a person checks for it, or gets it: a clause without a full stop. */
  readonly remedy: string;
  readonly isPresent: (probe: FeatureProbe) => boolean;
}

const hidden = ['ENOSYS', 'EPERM', 'EACCES'].map((name) => -(errnoNumber(name) ?? 0));

/**
 * Whether the kernel has a call, by making it with arguments that it always refuses. An outer seccomp filter answers ENOSYS or
 * EPERM before the kernel looks at them: there, but forbidden, is as good as absent. Distributions backport calls, so the
 * version only decides when no call can be made.
 */
export function answersCall(
  { host, kernel }: FeatureProbe,
  since: string,
  name: PortableSyscallName,
  ...args: readonly (number | null)[]
): boolean {
  const result = host.call(name, ...args);
  return result === undefined ? isKernelAtLeast(kernel, since) : !hidden.includes(result);
}

/** What to do about a call that is absent or filtered. */
export function callRemedy(since: string): string {
  return `upgrade the kernel to ${since} or newer, or allow the call in the seccomp profile of the outer container`;
}
