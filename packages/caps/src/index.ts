/**
 * Linux capabilities of containers, of processes and of files: names, sets, presets and secure bits.
 *
 * @packageDocumentation
 */
export type { FileCapabilities } from './file-caps.js';
export {
  readFileCapabilities,
  removeFileCapabilities,
  writeFileCapabilities,
  type FileCapabilitiesInput,
  type FileOptions,
} from './host/file-caps.js';
export { knownCapabilities, readCapabilities } from './host/read-sets.js';
export type { CapabilityChoice, CapabilitySetsChoice, CapabilityWord, CapsMethods } from './methods.js';
export {
  capabilitiesOf,
  capabilityMask,
  capabilityName,
  capabilityNames,
  capabilityNumber,
  type CapabilityInput,
  type CapabilityName,
} from './names.js';
export { caps } from './part.js';
export { capabilityPresets, type CapabilityPreset } from './presets.js';
export type { ProcessCapabilities } from './process-sets.js';
export { capabilitySetNames, type CapabilitySetName, type CapsSection } from './section.js';
export { secureBits, type SecureBit } from './securebits.js';
export { finalUid, processSets, type CapabilitySet } from './sets.js';
