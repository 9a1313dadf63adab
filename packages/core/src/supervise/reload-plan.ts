/** What of a changed spec can be applied to a running container, and what needs another start: a pure comparison. */
import type { CgroupsSection, GroupLimits, Resources } from '@haco/cgroups';
import type { RlimitsSection } from '@haco/rlimits';
import type { ContainerUpdate } from '../update.js';

type Json = Readonly<Record<string, unknown>>;

/** What a reload will do. */
export interface ReloadPlan {
  /** Limits to write; empty when none changed. */
  readonly update: ContainerUpdate;
  /** Paths into the spec that are in force at once. */
  readonly live: readonly string[];
  /** Paths into the spec that come with the next start. */
  readonly needsRestart: readonly string[];
}

/** Sections of which everything is read by the supervisor. */
const supervised: readonly string[] = ['supervision'];

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Fields that differ, as `section.field`; a section that is no object is one field. */
function changedFields(before: Json, now: Json): readonly (readonly [section: string, field: string])[] {
  const sections = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return sections.flatMap((section) => {
    const [old, fresh] = [before[section], now[section]];
    if (same(old, fresh)) return [];
    if (!isObject(old) || !isObject(fresh)) return [[section, ''] as const];
    const fields = [...new Set([...Object.keys(old), ...Object.keys(fresh)])];
    return fields.filter((field) => !same(old[field], fresh[field])).map((field) => [section, field] as const);
  });
}

const simple: readonly string[] = ['cpu', 'memory', 'pids', 'resources', 'keys'];

/** Whether something that was there is missing: a limit that is taken away is another start's business. */
function loses(before: unknown, now: unknown): boolean {
  if (!isObject(before)) return before !== undefined && now === undefined;
  if (!isObject(now)) return true;
  return Object.entries(before).some(([key, value]) => loses(value, now[key]));
}

/** Compare. */
export function planReload(before: Json, now: Json): ReloadPlan {
  const live: string[] = [];
  const needsRestart: string[] = [];
  let limits: GroupLimits = {};
  let rlimits: NonNullable<ContainerUpdate['rlimits']> = {};
  const oldGroups = (before['cgroups'] ?? {}) as CgroupsSection;
  const newGroups = (now['cgroups'] ?? {}) as CgroupsSection;
  const hadLimits = simple.some((field) => oldGroups[field as keyof CgroupsSection] !== undefined);
  const oldRlimits = (before['rlimits'] ?? {}) as RlimitsSection;
  const newRlimits = (now['rlimits'] ?? {}) as RlimitsSection;
  for (const [section, field] of changedFields(before, now)) {
    const path = field === '' ? section : `${section}.${field}`;
    if (section === 'cgroups' && simple.includes(field)) {
      const key = field as 'cpu' | 'memory' | 'pids' | 'resources' | 'keys';
      if (!hadLimits || loses(oldGroups[key], newGroups[key])) needsRestart.push(path);
      else {
        limits = { ...limits, [key]: newGroups[key] as number & Resources & Record<string, string> };
        live.push(path);
      }
    } else if (section === 'rlimits') {
      const kind = field as keyof RlimitsSection;
      const value = newRlimits[kind];
      if (value === undefined && oldRlimits[kind] !== undefined) needsRestart.push(path);
      else if (value !== undefined) {
        rlimits = { ...rlimits, [kind]: value };
        live.push(path);
      }
    } else if ((supervised.includes(section) && field !== 'logs') || path === 'identity.metadata') {
      live.push(path);
    } else {
      needsRestart.push(path);
    }
  }
  return {
    update: { ...limits, ...(Object.keys(rlimits).length === 0 ? {} : { rlimits }) },
    live,
    needsRestart,
  };
}
