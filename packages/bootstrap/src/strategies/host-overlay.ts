/** The host's own tree below a throw-away layer: no download, nothing to make, nothing left. */
import { issue, quote } from '@haco/plan';
import { checkPath, Fields } from '../fields.js';
import type { Strategy } from '../strategy.js';

/** Spec of {@link hostOverlay}. */
export interface HostOverlaySpec {
  readonly strategy: 'host-overlay';
  /** Directories laid over the host's tree, the topmost first. */
  readonly over?: readonly string[];
}

/**
 * The host's `/`, read-only, below a layer that takes all writes and vanishes with the container.
 *
 * The container sees all files of the host that its user may read; what must stay secret has to be masked.
 *
 * @param options - `over`: absolute paths of directories to lay over the host's tree, the topmost first.
 *
 * @example
 * ```ts
 * import { hostOverlay } from '@haco/bootstrap';
 * hostOverlay({ over: ['/srv/build/extra-files'] });
 * ```
 *
 * @see {@link https://docs.kernel.org/filesystems/overlayfs.html | overlayfs}
 */
export function hostOverlay(options: Omit<HostOverlaySpec, 'strategy'> = {}): HostOverlaySpec {
  return { strategy: 'host-overlay', ...options };
}

export const hostOverlayStrategy: Strategy<HostOverlaySpec> = {
  name: 'host-overlay',
  parse: (json) => {
    const fields = new Fields(json, ['strategy', 'over']);
    return fields.finish({ strategy: 'host-overlay', ...fields.list('over') });
  },
  validate: ({ over = [] }) =>
    over.flatMap((path, index) => {
      const where = `over[${String(index)}]`;
      const issues = checkPath(where, path);
      if (issues.length > 0 || path.startsWith('/')) return issues;
      return [issue(where, `${quote(path)} must be an absolute path`)];
    }),
  source: ({ over = [] }) => ({ overlay: { lower: [...over, '/'] } }),
};
