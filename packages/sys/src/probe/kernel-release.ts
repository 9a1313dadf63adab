/** The version of a kernel out of its release, as uname(2) shows it. */

export interface KernelRelease {
  readonly release: string;
  readonly major: number;
  readonly minor: number;
}

/** `6.1.0-37-amd64` → 6, 1. Zeros when the text doesn't begin with a version. */
export function parseKernelRelease(release: string): KernelRelease {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return { release, major: Number(major), minor: Number(minor) };
}

/** Whether a kernel is not older than a version such as `5.12`. */
export function isAtLeast(kernel: KernelRelease, version: string): boolean {
  const { major, minor } = parseKernelRelease(version);
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}
