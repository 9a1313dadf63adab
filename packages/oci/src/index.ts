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
