/**
 * Root filesystems for containers: the host's own tree below a throw-away layer, from an archive, from packages, or by a
 * function.
 *
 * @packageDocumentation
 */
export * from './methods.js';
export * from './part.js';
export { type BootstrapContext, type CustomRootfs, type CustomSpec } from './strategies/custom.js';
export { debootstrap, type DebootstrapOptions, type DebootstrapSpec } from './strategies/debootstrap.js';
export { hostOverlay, type HostOverlaySpec } from './strategies/host-overlay.js';
export { type RootfsSpec } from './strategies/index.js';
export { tarball, type TarballOptions, type TarballSpec, type UnpackLimits } from './strategies/tarball.js';
export * from './strategy.js';
