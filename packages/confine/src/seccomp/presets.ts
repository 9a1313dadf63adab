/** Profiles by name. */
import { defaultProfile } from './default-profile.js';
import type { SeccompProfile } from './profile.js';

/** A preset is one profile or several, of which a call must pass all, in this order. */
export const seccompPresets = {
  default: defaultProfile,
} as const satisfies Readonly<Record<string, readonly SeccompProfile[]>>;

/** Name of a preset. */
export type SeccompPreset = keyof typeof seccompPresets;
