/** How much of what is asked the Landlock of a host can restrict. */
import type { Enforcement, HostFacts } from '@haco/plan';
import { abiSince, fsRightNames, fsRights, fsWordNames, netAbi, scopeAbi } from './rights.js';
import type { LandlockSection } from './section.js';

/** What a section asks to be restricted. */
export interface Asked {
  readonly files: boolean;
  readonly ports: boolean;
  readonly scopes: boolean;
}

export function askedOf(section: LandlockSection): Asked {
  return {
    files: section.rules !== undefined || fsWordNames.some((word) => section[word] !== undefined),
    ports: section.bind !== undefined || section.connect !== undefined,
    scopes: (section.scopes ?? []).length > 0,
  };
}

/** Whether a section asks for anything. */
export function isAsked(section: LandlockSection): boolean {
  return Object.values(askedOf(section)).includes(true);
}

/** The ABI of the host; 0: none. */
export function abiOf(host: HostFacts): number {
  return host.confinement?.landlockAbi ?? 0;
}

/** What the host can't restrict, each with the kernel that can. */
export function missingIn(section: LandlockSection, host: HostFacts): readonly string[] {
  const abi = abiOf(host);
  const asked = askedOf(section);
  const since = (needed: number): string => `Linux ${abiSince[needed] ?? ''}`;
  const files = fsRightNames
    .filter((name) => fsRights[name].abi > abi)
    // Before it was a right, no file went from one directory to another.
    .map((name) => `${name}${name === 'refer' ? ' otherwise than everywhere' : ''} (${since(fsRights[name].abi)})`);
  return [
    ...(asked.files ? files : []),
    ...(asked.ports && abi < netAbi ? [`TCP ports (${since(netAbi)})`] : []),
    ...(asked.scopes && abi < scopeAbi ? [`scopes (${since(scopeAbi)})`] : []),
  ];
}

/** Whether anything of it is in force. */
export function isPossible(section: LandlockSection, host: HostFacts): boolean {
  const abi = abiOf(host);
  const { files, ports, scopes } = askedOf(section);
  return (files && abi >= 1) || (ports && abi >= netAbi) || (scopes && abi >= scopeAbi);
}

/** What is less than asked, because the caller allowed that. */
export function degradationsOf(section: LandlockSection, host: HostFacts): Readonly<Record<string, Enforcement>> {
  if (section.degrade !== true || missingIn(section, host).length === 0) return {};
  return { landlock: isPossible(section, host) ? 'degraded' : 'refused' };
}
