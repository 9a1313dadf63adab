/** The table: every configuration of the differential test, by what it is about. */
import { makeCase, type Case, type Host, type Row } from '../case.js';
import { capabilityRows } from './capabilities.js';
import { deviceRows } from './devices.js';
import { generatedRows } from './generated.js';
import { invalidRows } from './invalid.js';
import { mountRows } from './mounts.js';
import { namespaceRows } from './namespaces.js';
import { pathRows } from './paths.js';
import { processRows } from './process.js';
import { resourceRows } from './resources.js';
import { seccompRows } from './seccomp.js';

/** Another seed gives other generated cases. */
export const seed = 20_261;
const generated = 40;

const families: Readonly<Record<string, (host: Host) => readonly Row[]>> = {
  process: () => processRows,
  capabilities: () => capabilityRows,
  mounts: mountRows,
  paths: () => pathRows,
  devices: () => deviceRows,
  namespaces: namespaceRows,
  resources: resourceRows,
  seccomp: () => seccompRows,
  generated: (host) => generatedRows(host, seed, generated),
  invalid: () => invalidRows,
};

export const familyNames: readonly string[] = Object.keys(families);

/** The cases of a family, each named `family: what it is`. */
export function casesOf(family: string, host: Host): readonly Case[] {
  const rows = families[family]?.(host) ?? [];
  return rows.map(([name, ...rest]) => makeCase([`${family}: ${name}`, ...rest], host.group));
}
