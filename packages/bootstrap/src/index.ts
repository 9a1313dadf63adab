/**
 * Root filesystems for containers: the host's own tree below a throw-away layer, from an archive, from packages, or by a
 * function.
 *
 * @packageDocumentation
 */
export * from './methods.js';
export * from './part.js';
export { type BootstrapContext, type CustomRootfs, type CustomSpec, fn } from './strategies/custom.js';
export { debootstrap, type DebootstrapOptions, type DebootstrapSpec } from './strategies/debootstrap.js';
export { git, type GitOptions, type GitSpec } from './strategies/git.js';
export { lxc, type LxcOptions, type LxcSpec } from './strategies/lxc.js';
export { shell, type ShellOptions, type ShellSpec } from './strategies/shell.js';
export { hostOverlay, type HostOverlaySpec } from './strategies/host-overlay.js';
export { image, type ImageOptions, type ImageSpec } from './strategies/image.js';
export { type RootfsSpec } from './strategies/index.js';
export { type UnpackLimits } from './strategies/limits.js';
export { tarball, type TarballOptions, type TarballSpec } from './strategies/tarball.js';
export { imageConfig, type ImageConfig } from './image-config.js';
export * from './strategy.js';
export {
  type ProvisionContext,
  type ProvisionMethods,
  type ProvisionOptions,
  provisionPart,
  provisionRootfs,
  type ProvisionSection,
  type ProvisionStep,
  type RunIn,
  type ScriptRun,
} from './provision.js';
export {
  archive,
  type ArchiveOptions,
  type ArchiveReport,
  type ArchiveType,
  type ExportedImage,
  exportImage,
  type ExportImageOptions,
} from './archive.js';
export { type Progress, progressTo } from './progress.js';
