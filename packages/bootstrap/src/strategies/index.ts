/** The list of strategies: a new one is a file beside this one and a line in here. */
import type { Strategy } from '../strategy.js';
import { customStrategy, type CustomSpec } from './custom.js';
import { debootstrapStrategy, type DebootstrapSpec } from './debootstrap.js';
import { imageStrategy, type ImageSpec } from './image.js';
import { gitStrategy, type GitSpec } from './git.js';
import { lxcStrategy, type LxcSpec } from './lxc.js';
import { shellStrategy, type ShellSpec } from './shell.js';
import { hostOverlayStrategy, type HostOverlaySpec } from './host-overlay.js';
import { tarballStrategy, type TarballSpec } from './tarball.js';

/** The spec of a root filesystem, by `strategy`. All but `custom` are plain JSON. */
export type RootfsSpec =
  HostOverlaySpec | ImageSpec | TarballSpec | DebootstrapSpec | LxcSpec | GitSpec | ShellSpec | CustomSpec;

type Strategies = { readonly [Name in RootfsSpec['strategy']]: Strategy<Extract<RootfsSpec, { strategy: Name }>> };

export const strategies: Strategies = {
  'host-overlay': hostOverlayStrategy,
  image: imageStrategy,
  tarball: tarballStrategy,
  debootstrap: debootstrapStrategy,
  lxc: lxcStrategy,
  git: gitStrategy,
  shell: shellStrategy,
  custom: customStrategy,
};

/** The strategy that a spec names. */
export function strategyOf(spec: RootfsSpec): Strategy<RootfsSpec> {
  // The table gives each name the strategy of just that spec, which TypeScript can't follow through a union.
  return strategies[spec.strategy] as unknown as Strategy<RootfsSpec>;
}
