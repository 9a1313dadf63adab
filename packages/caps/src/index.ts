/**
 * Linux capabilities of containers: names, sets and presets.
 *
 * @packageDocumentation
 */
export type { CapabilityChoice, CapabilityWord, CapsMethods } from './methods.js';
export {
  capabilityName,
  capabilityNames,
  capabilityNumber,
  type CapabilityInput,
  type CapabilityName,
} from './names.js';
export { caps } from './part.js';
export { capabilityPresets, type CapabilityPreset } from './presets.js';
export type { CapsSection } from './section.js';
