/** Whether haco can start anything from this process; where it can't, the sentence that says what is missing and what to do. */
import { UnsupportedError } from '@haco/plan';

/** What decides it, as `process` has it. */
export interface ProcessKind {
  readonly platform: string;
  readonly arch: string;
  /** Version of Node, e.g. `24.1.0`. */
  readonly node: string;
}

/** The oldest Node that has all that is used: process.getBuiltinModule, require() of ES modules. */
const oldestNode = [20, 19] as const;

/** How one gets Linux there. */
const machines: Readonly<Record<string, string>> = {
  darwin: 'run this program in a Linux virtual machine, e.g. of Lima ("limactl start", then "lima node …")',
  win32: 'run this program in Linux, e.g. of WSL 2 ("wsl --install", then "wsl node …")',
  linux: 'run this program on a machine, or in a virtual machine, with such a CPU',
};

/**
 * Why a process of that kind can't start containers; undefined when it can. Planning for stored hosts and the types work everywhere.
 *
 * @example
 * ```ts
 * import { unsupportedProcess } from '@haco/sys';
 *
 * unsupportedProcess({ platform: 'darwin', arch: 'arm64', node: '24.1.0' })?.message;
 * ```
 */
export function unsupportedProcess(kind: ProcessKind = thisKind()): UnsupportedError | undefined {
  const { platform, arch, node } = kind;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    return problem({
      feature: 'Linux on x64 or arm64',
      found: `${platform} on ${arch}`,
      remedy: machines[platform] ?? 'run this program in a Linux virtual machine',
    });
  }
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [oldest, oldestMinor] = oldestNode;
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return undefined;
  return problem({
    feature: `Node ${oldestNode.join('.')} or later`,
    found: `Node ${node}`,
    remedy: 'install a newer one, or try it with one of npm ("npx node@24 program.mjs")',
  });
}

const neededFor = 'starting containers';

function problem(fields: { readonly feature: string; readonly found: string; readonly remedy: string }) {
  const { feature, found, remedy } = fields;
  return unsupported({ feature, remedy }, `haco starts containers on ${feature}, and this is ${found}; ${remedy}.`);
}

/** koffi has no binary for this C library, or it wasn't installed. */
export function withoutKoffi(cause: unknown): UnsupportedError {
  const remedy =
    'install the dependencies on the machine where they are used, and without --omit=optional (koffi brings one for glibc and one for musl)';
  const feature = 'binary of koffi, through which haco calls the C library';
  return unsupported({ feature, remedy }, `There is no ${feature} (${wordsOf(cause)}); ${remedy}.`);
}

/** The C library lacks a function. */
export function withoutFunction(cause: unknown): UnsupportedError {
  const remedy = 'use a system with glibc 2.28 or later, or musl 1.2 or later';
  const feature = 'C library with all that haco calls';
  return unsupported({ feature, remedy }, `This is no ${feature} (${wordsOf(cause)}); ${remedy}.`);
}

function unsupported(
  fields: { readonly feature: string; readonly remedy: string },
  sentence: string,
): UnsupportedError {
  return new UnsupportedError({ ...fields, neededFor, since: '', sentence });
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function thisKind(): ProcessKind {
  return { platform: process.platform, arch: process.arch, node: process.versions.node };
}
