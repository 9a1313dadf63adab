/** The verb that this package adds to the builder. */
import type { CustomRootfs } from './strategies/custom.js';
import type { RootfsSpec } from './strategies/index.js';

/** Anything that `rootfs()` takes. */
export type RootfsStrategy = RootfsSpec | CustomRootfs;

/** Verbs of the root filesystem. */
export interface RootfsMethods {
  /**
   * Where the container's root filesystem comes from: {@link hostOverlay}, {@link tarball}, {@link debootstrap}, or an object
   * of your own with `target` and `bootstrap(context)`. It is made before the first start, and only when it isn't there.
   *
   * @example
   * ```ts
   * import { tarball } from '@haco/bootstrap';
   * import { haco } from '@haco/core';
   * haco().unshare('mount').rootfs(tarball('alpine.tar.gz', { target: '/srv/roots/alpine' }));
   * ```
   */
  rootfs(strategy: RootfsStrategy): this;
}
