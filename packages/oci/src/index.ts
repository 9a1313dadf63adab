/**
 * Containers of the OCI runtime specification as containers of haco.
 *
 * @packageDocumentation
 */
export { fromBundle } from './from-bundle.js';
export { fromConfig, type ImportOptions } from './from-config.js';
