/**
 * Containers of the OCI runtime specification as containers of haco, and the way back.
 *
 * @packageDocumentation
 */
export { configText } from './config-text.js';
export { fromBundle } from './from-bundle.js';
export { fromConfig, type ImportOptions } from './from-config.js';
export type { Config } from './import/schema.js';
export { toConfig, type Exported, type ExportOptions } from './to-config.js';
export { writeBundle, type BundleOptions } from './write-bundle.js';
export type { ComposeFile } from './scale-out/compose.js';
export type { KubeObject } from './scale-out/kube.js';
export type { Quadlet } from './scale-out/quadlet.js';
export {
  scaleOut,
  scaleOutFormats,
  type ScaledOut,
  type ScaleOutFormat,
  type ScaleOutTextOptions,
} from './scale-out/scale-out.js';
export {
  toCompose,
  toKube,
  toQuadlet,
  type ComposeExport,
  type KubeExport,
  type QuadletExport,
  type ScaleOutOptions,
} from './scale-out/to-formats.js';
export type { UnitSection } from './scale-out/unit-text.js';
