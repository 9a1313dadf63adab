/** Limits that may be left out: which of a section's settings remain on a host, and what becomes of the others. */
import type { Enforcement, HostFacts } from '@haco/plan';
import { keyNamed } from './controllers/index.js';
import { locate, versionOf } from './locate.js';
import { hierarchyProblem, settingProblem } from './problems.js';
import type { CgroupsSection } from './section.js';
import { settingsOf, type Setting } from './settings.js';

/** What is asked of this host. */
export interface Enforceable {
  readonly settings: readonly Setting[];
  /** What was left out (`refused`) or weakened (`degraded`), by {@link Setting.enforces}. */
  readonly degradations: Readonly<Record<string, Enforcement>>;
}

/**
 * A weight of traffic that the kernel keeps and no disk of this host heeds now. That may change at any moment, so it is set
 * nevertheless.
 */
export function isUnheeded({ key }: Setting, host: HostFacts): boolean {
  return host.disks?.heedsWeights === false && /^(io|blkio)\.(.*\.)?weight(_device)?$/.test(key);
}

/** A setting in its weaker form, if the version of this host has one. */
function weakened(setting: Setting, host: HostFacts): Setting | undefined {
  const forms = keyNamed(setting.key)?.weaker;
  const version = versionOf(setting.controller, host);
  const has = version === 1 ? forms?.v1 : version === 2 ? forms?.v2 : undefined;
  return has === undefined ? undefined : { ...setting, weaker: true };
}

/**
 * The settings to put in force. Where nothing may be left out these are all, also those that will fail: `check` tells about
 * them, and a start refuses.
 */
export function enforceable(section: CgroupsSection, host: HostFacts): Enforceable {
  const all = settingsOf(section);
  const { degrade = [] } = section;
  const degradations: Record<string, Enforcement> = Object.fromEntries(
    all.filter((setting) => isUnheeded(setting, host)).map(({ enforces }) => [enforces, 'degraded']),
  );
  if (degrade.length === 0) return { settings: all, degradations };
  const may = ({ enforces }: Setting): boolean => degrade.includes(enforces);
  const kept = all.flatMap((setting) => {
    if (!may(setting) || settingProblem(setting, all, host) === undefined) return [setting];
    const weaker = weakened(setting, host);
    degradations[setting.enforces] = weaker === undefined ? 'refused' : 'degraded';
    return weaker === undefined ? [] : [weaker];
  });
  const lost = new Set(
    locate(kept, section.parent, host)
      .filter((hierarchy) => hierarchyProblem(hierarchy, host) !== undefined)
      .flatMap(({ settings }) => settings.filter(may)),
  );
  for (const { enforces } of lost) degradations[enforces] = 'refused';
  return { settings: kept.filter((setting) => !lost.has(setting)), degradations };
}

/**
 * What became of every limit.
 *
 * @param refused - names of those that the kernel didn't take
 */
export function enforcedOf(
  { settings, degradations }: Enforceable,
  refused: readonly string[],
): Readonly<Record<string, Enforcement>> {
  const all = (names: readonly string[], how: Enforcement): Readonly<Record<string, Enforcement>> =>
    Object.fromEntries(names.map((name) => [name, how]));
  const named = settings.map(({ enforces }) => enforces);
  return { ...all(named, 'enforced'), ...all(refused, 'refused'), ...degradations };
}
