/** The five sets as /proc/PID/status shows them. */
import { capabilitiesOf, type CapabilityName } from './names.js';
import { capabilitySetNames, type CapabilitySetName } from './section.js';

/** The five sets of a process, each in the order of the capabilities' numbers. */
export type ProcessCapabilities = Readonly<Record<CapabilitySetName, readonly CapabilityName[]>>;

const fields = {
  bounding: 'CapBnd',
  permitted: 'CapPrm',
  effective: 'CapEff',
  inheritable: 'CapInh',
  ambient: 'CapAmb',
} as const satisfies Record<CapabilitySetName, string>;

/** The sets; undefined when the text isn't a whole status file. */
export function parseSets(status: string): ProcessCapabilities | undefined {
  const entries = capabilitySetNames.map((name) => {
    const mask = new RegExp(`^${fields[name]}:\\s*([0-9a-f]{1,16})$`, 'm').exec(status)?.[1];
    return mask === undefined ? undefined : ([name, capabilitiesOf(BigInt(`0x${mask}`))] as const);
  });
  if (entries.includes(undefined)) return undefined;
  return Object.fromEntries(entries.filter((entry) => entry !== undefined)) as ProcessCapabilities;
}
