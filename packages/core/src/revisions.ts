/** Which revision of what is at work, for reports of faults. */
import { release } from 'node:os';
import { launcherSha256 } from '@haco/sys';
import manifest from '../package.json' with { type: 'json' };

/** A component, and which it is. */
export interface Revision {
  /** E.g. `haco`, `haco-init`, `node`, `kernel`. */
  readonly component: string;
  /** A version; of `haco-init` the SHA-256 of the executable in hex. */
  readonly revision: string;
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
    { component: 'haco', revision: manifest.version },
    { component: 'haco-init', revision: process.env['HACO_INIT'] ?? launcherSha256() ?? `none for ${process.arch}` },
    { component: 'node', revision: node },
    { component: 'v8', revision: v8 },
    { component: 'libuv', revision: uv },
    { component: 'kernel', revision: release() },
  ];
}
