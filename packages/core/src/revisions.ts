/** Which revision of what is at work, for reports of faults. */
import { createRequire } from 'node:module';
import { release } from 'node:os';
import { launcherSha256 } from '@haco/sys';

/** A component, and which it is. */
export interface Revision {
  /** E.g. `haco`, `haco-init`, `node`, `kernel`. */
  readonly component: string;
  /** A version; of `haco-init` the SHA-256 of the executable in hex. */
  readonly revision: string;
}

/** The version of this package; all packages of haco share one. */
function ownVersion(): string {
  return (createRequire(import.meta.url)('../package.json') as { readonly version: string }).version;
}

/**
 * Everything whose revision decides how a container behaves: haco, its launcher `haco-init`, Node with its engine, and the kernel.
 *
 * @example
 * ```ts
 * import { revisions } from '@haco/core';
 * for (const { component, revision } of revisions()) console.log(component, revision);
 * ```
 */
export function revisions(): readonly Revision[] {
  const { node, v8, uv } = process.versions;
  return [
    { component: 'haco', revision: ownVersion() },
    { component: 'haco-init', revision: process.env['HACO_INIT'] ?? launcherSha256() ?? `none for ${process.arch}` },
    { component: 'node', revision: node },
    { component: 'v8', revision: v8 },
    { component: 'libuv', revision: uv },
    { component: 'kernel', revision: release() },
  ];
}
